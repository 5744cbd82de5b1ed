"""The pages as HTML: what the store says, escaped, and never kept on the way."""

import re

import pytest

pytest.importorskip("fastapi")


@pytest.fixture(scope="module")
def shown(serve_app, tmp_path_factory):
    """A client of a server without workers, and its store."""
    from cracknet.web.http.settings import Settings

    with serve_app(Settings(data=tmp_path_factory.mktemp("data"), keep_days=2.5)) as app:
        yield app.state.http, app.state.store


def _job(store, title, names=("a.jpg",), kind="segment", about=None):
    from cracknet.web.queue.jobs import JobOptions

    number = len(store.jobs(100))
    job = f"job{number:019d}"
    folder = store.folder(job) / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    photos = []
    for k, name in enumerate(names, 1):
        (folder / f"{k}.jpg").write_bytes(b"photograph")
        photos.append((name, f"uploads/{k}.jpg", 10))
    store.create(job, kind, title, JobOptions(), photos, about=about, limit=100)
    return job


def test_first_page_offers_standards_and_says_when_jobs_go(shown):
    client, _ = shown
    page = client.get("/")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert "ACI 224R-01, humid: 0.30 mm" in page.text
    assert "deleted after 2.5 days" in page.text


def test_first_page_chooses_the_default_model(shown):
    client, _ = shown
    from cracknet.segmentation.models import DEFAULT_MODEL

    chosen = re.findall(r'<option value="([^"]+)" selected>', client.get("/").text)
    assert DEFAULT_MODEL in chosen
    assert not any(name.startswith("cracknet") and name != DEFAULT_MODEL for name in chosen)


def test_titles_and_names_are_escaped(shown):
    client, store = shown
    job = _job(store, "<script>alert(1)</script>")
    for path in ("/", "/fragments/jobs", f"/jobs/{job}"):
        text = client.get(path).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text


def test_job_without_a_title_goes_by_its_photographs(shown):
    client, store = shown
    job = _job(store, "", ("pier.jpg", "arch.jpg", "deck.jpg"))
    assert "pier.jpg and 2 more" in client.get(f"/jobs/{job}").text
    row = client.get("/fragments/jobs").text.split(f'id="row-{job}"')[1]
    assert "0 of 3" in row.split("</tr>")[0]


def test_jobs_and_comparisons_have_their_own_pages(shown):
    client, store = shown
    job = _job(store, "wall")
    side = {"job": job, "photo": 1}
    change = _job(store, "two", (), "change", {"before": side, "after": side})
    assert client.get(f"/compare/{change}").status_code == 200
    for path in (f"/compare/{job}", f"/jobs/{change}", "/jobs/none", "/compare/none"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "There is no such" in answer.text


def test_pages_carry_no_inline_script_or_style(shown):
    client, store = shown
    job = _job(store, "plain")
    for path in ("/", f"/jobs/{job}", "/login", "/login?wrong=1", "/jobs/none"):
        text = client.get(path).text
        assert " style=" not in text
        assert "<style" not in text
        assert "<script>" not in text
        assert " onclick=" not in text
        assert "http://" not in text
        assert "https://" not in text


def test_every_file_that_pages_name_is_there(shown):
    import re

    client, store = shown
    job = _job(store, "files")
    text = client.get("/").text + client.get(f"/jobs/{job}").text
    paths = set(re.findall(r'"(/static/[^"#]+)', text))
    assert len(paths) > 20
    for path in paths:
        assert client.get(path).status_code == 200, path
