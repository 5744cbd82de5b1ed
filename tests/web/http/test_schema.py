"""The OpenAPI document holds: whatever is sent, no 5xx, and answers are as it says.

Every operation is called with generated values, once with job ids as they come and once with those
of a real job, so that the generated values get past the first 404.
"""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path

import hypothesis
import pytest

from cracknet.web.http.app import create_app
from cracknet.web.http.settings import Settings
from cracknet.web.work.worker import work

pytest.importorskip("fastapi")
schemathesis = pytest.importorskip("schemathesis")

EXAMPLES = 10
QUICK = hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(hypothesis.HealthCheck),
    database=None,
)

pytestmark = [
    pytest.mark.slow,
    # schemathesis looks names up by the old way of jsonschema
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def app(serve_app, tmp_path_factory):
    settings = Settings(data=tmp_path_factory.mktemp("data"), queue_limit=100_000, idle_seconds=2)
    with serve_app(settings) as app:
        yield app


@pytest.fixture(scope="module")
def job(app, jpeg):
    """A job that is done."""
    answer = app.state.http.post("/api/v1/jobs", files={"photos": ("wall.jpg", jpeg)})
    work(app.state.store, f"tests-{secrets.token_hex(8)}", until_idle=True, threads=1)
    return answer.json()["id"]


def document():
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data=Path(folder)), work=False)
        app.state.store.close()
        return schemathesis.openapi.from_dict(app.openapi())


# streams that do not end are followed in test_api.py
every = document().exclude(path_regex="/events$")
of_a_job = every.include(path_regex="{job}").exclude(method="DELETE")

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
)


def checks():
    known = {check.__name__: check for check in schemathesis.checks.CHECKS.get_all()}
    return [known[name] for name in CHECKS]


@every.parametrize()
@QUICK
def test_whatever_is_sent(case, app):
    case.call_and_validate(base_url=app.state.address, checks=checks(), timeout=60)


@of_a_job.parametrize()
@QUICK
def test_whatever_is_sent_to_a_real_job(case, app, job):
    case.path_parameters["job"] = job
    if "photo" in case.path_parameters:
        case.path_parameters["photo"] = 1
    case.call_and_validate(base_url=app.state.address, checks=checks(), timeout=60)


def test_the_document_tells_everything(app):
    document = app.state.http.get("/api/v1/openapi.json").json()
    paths = document["paths"]
    assert all(path.startswith("/api/v1/") for path in paths)
    for path, methods in paths.items():
        for method, operation in methods.items():
            assert operation["description"], (method, path)
            for status, answer in operation["responses"].items():
                if status[0] == "4":
                    shape = answer["content"]["application/json"]["schema"]["$ref"]
                    assert shape == "#/components/schemas/Problem", (method, path, status)
