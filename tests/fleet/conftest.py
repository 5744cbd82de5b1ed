"""Small photographs, the work on them, and an object store that can be stopped and started."""

from __future__ import annotations

import json
import urllib.request

import pytest

from cracknet.fleet import FleetWork, plan_fleet, run_fleet
from cracknet.reporting.measuring import Measuring

pytest.importorskip("fsspec")
pytest.importorskip("pyarrow")

BUCKET = "survey"


@pytest.fixture
def work(dark_net):
    """Return a function that makes the work on photographs with a small model."""

    def make(destination, **options):
        segmenter = {"model": str(dark_net), "precision": "f32", "threshold": 0.7}
        segmenter |= options.pop("segmenter", {})
        options.setdefault("measuring", Measuring())
        options.setdefault("patience_s", 20)
        return FleetWork(str(destination), segmenter, **options)

    return make


@pytest.fixture
def batch(work):
    """Return a function that runs a source into a destination in this process."""

    def run(source, destination, *, batch_megapixels=0.1, progress=None, **options):
        plan = plan_fleet(source, work(destination, **options), batch_megapixels=batch_megapixels)
        return run_fleet(plan, threads=1, progress=progress)

    return run


@pytest.fixture(scope="session")
def tables():
    """Return a function that reads all rows of a table of a destination, sorted."""
    from pyarrow import parquet

    def read(out, table, filesystem=None):
        rows = parquet.read_table(f"{out}/{table}", filesystem=filesystem).to_pylist()
        return sorted(rows, key=lambda r: (r["photo"], r.get("crack") or 0, r.get("branch") or 0))

    return read


@pytest.fixture(scope="session")
def check_alike():
    """Return a function that compares rows; measuring may differ by rounding from run to run."""

    def check(rows, expected):
        assert len(rows) == len(expected)
        for row, other in zip(rows, expected, strict=True):
            assert row.keys() == other.keys()
            for name, value in other.items():
                if isinstance(value, float):
                    value = pytest.approx(value, rel=1e-6, abs=1e-4)
                assert row[name] == value, (name, row)

    return check


class Store:
    """An S3 server on loopback, which checks keys; what it holds outlives its stops."""

    def __init__(self):
        from moto.server import ThreadedMotoServer

        self._make = ThreadedMotoServer
        self._server = None
        self.port = 0
        self.start()
        self.key, self.secret = self._user()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        self._server = self._make(ip_address="127.0.0.1", port=self.port, verbose=False)
        self._server.start()
        self.port = self._server.get_host_and_port()[1]

    def stop(self):
        self._server.stop()

    def check_keys(self, check):
        count = b"0" if check else b"inf"
        request = urllib.request.Request(
            f"{self.url}/moto-api/reset-auth", count, {"Content-Type": "text/plain"}
        )
        urllib.request.urlopen(request).close()

    def _user(self):
        import boto3

        options = {
            "endpoint_url": self.url,
            "region_name": "us-east-1",
            "aws_access_key_id": "first",
            "aws_secret_access_key": "first",
        }
        iam = boto3.client("iam", **options)
        iam.create_user(UserName="inspector")
        policy = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
        }
        iam.put_user_policy(
            UserName="inspector", PolicyName="all", PolicyDocument=json.dumps(policy)
        )
        key = iam.create_access_key(UserName="inspector")["AccessKey"]
        boto3.client("s3", **options).create_bucket(Bucket=BUCKET)
        return key["AccessKeyId"], key["SecretAccessKey"]


@pytest.fixture(scope="session")
def s3_server():
    pytest.importorskip("moto")
    pytest.importorskip("s3fs")
    store = Store()
    yield store
    store.stop()


@pytest.fixture
def s3(s3_server, monkeypatch):
    """The object store with a bucket of its own for the test, named by the environment."""
    import s3fs

    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.secret)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    s3fs.S3FileSystem.clear_instance_cache()
    s3_server.check_keys(True)
    yield s3_server
    s3_server.check_keys(False)
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def bucket(s3):
    """Return a function that puts files of this machine below a prefix of the bucket."""
    import s3fs

    def put(prefix, files):
        filesystem = s3fs.S3FileSystem()
        for file in files:
            filesystem.put_file(str(file), f"{BUCKET}/{prefix}/{file.name}")
        return f"s3://{BUCKET}/{prefix}"

    return put
