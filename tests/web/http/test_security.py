"""Who is let in: hosts, sites, tokens, and what every answer forbids the browser."""

from __future__ import annotations

import httpx
import pytest

from cracknet.errors import ArgumentError
from cracknet.web.http.security import COOKIE, is_token, session_of
from cracknet.web.http.settings import Settings, default_data, is_loopback

TOKEN = "a-token-of-24-characters"


@pytest.fixture(scope="module")
def app(serve_app, tmp_path_factory):
    with serve_app(Settings(data=tmp_path_factory.mktemp("data"))) as app:
        yield app


@pytest.fixture(scope="module")
def guarded(serve_app, tmp_path_factory):
    with serve_app(Settings(data=tmp_path_factory.mktemp("data"), token=TOKEN)) as app:
        yield app


def get(app, path, **headers):
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return app.state.http.get(path, headers=named)


class TestHost:
    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8765", "LOCALHOST", "[::1]:80"])
    def test_of_this_computer(self, app, host):
        assert get(app, "/api/v1/health", host=host).status_code == 200

    @pytest.mark.parametrize(
        "host",
        ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", "", "localhost@evil.example", "[",
         "127.0.0.1:80:evil.example"],
    )  # fmt: skip
    def test_of_another_is_refused(self, app, host):
        for path in ("/", "/api/v1/health", "/static/page.css"):
            answer = get(app, path, host=host)
            assert answer.status_code == 421
            assert "127.0.0.1" in answer.json()["detail"]

    def test_with_a_token_any_is_taken(self, guarded):
        answer = get(guarded, "/api/v1/health", host="bridge.example",
                     authorization=f"Bearer {TOKEN}")  # fmt: skip
        assert answer.status_code == 200


class TestSite:
    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({}, 404),
            ({"Sec-Fetch-Site": "same-origin"}, 404),
            ({"Sec-Fetch-Site": "none"}, 404),
            ({"Sec-Fetch-Site": "cross-site"}, 403),
            ({"Sec-Fetch-Site": "same-site"}, 403),
            ({"Origin": "http://evil.example"}, 403),
            ({"Origin": "null"}, 403),
            ({"Origin": "http://127.0.0.1:1"}, 403),
            ({"Origin": "http://[", "Sec-Fetch-Site": "same-origin"}, 403),
        ],
    )
    def test_of_a_changing_request(self, app, headers, status):
        url = f"/api/v1/jobs/{'A' * 22}"
        assert app.state.http.delete(url, headers=headers).status_code == status
        assert app.state.http.post(f"{url}/cancel", headers=headers).status_code == status

    def test_own_origin(self, app):
        url = f"/api/v1/jobs/{'A' * 22}"
        assert app.state.http.delete(url, headers={"Origin": app.state.address}).status_code == 404

    def test_reading_is_not_asked(self, app):
        assert get(app, "/api/v1/health", sec_fetch_site="cross-site").status_code == 200

    def test_upload_of_another_site_is_not_read(self, app, jpeg):
        answer = app.state.http.post(
            "/api/v1/jobs",
            files={"photos": ("wall.jpg", jpeg)},
            headers={"Origin": "http://evil.example"},
        )
        assert answer.status_code == 403
        assert app.state.store.jobs(10) == []

    def test_answer_reaches_a_sender_who_sends_on(self, app):
        answer = app.state.http.post(
            "/api/v1/jobs", content=bytes(30_000_000), headers={"Origin": "http://evil.example"}
        )
        assert answer.status_code == 403


class TestToken:
    def test_api_asks_for_it(self, guarded):
        answer = get(guarded, "/api/v1/jobs")
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "token" in answer.json()["detail"]

    @pytest.mark.parametrize("given", [f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN, "Bearer \xff"])
    def test_wrong_ones(self, guarded, given):
        answer = guarded.state.http.get(
            "/api/v1/jobs",
            headers=[(b"Authorization", given.encode("latin-1"))],
        )
        assert answer.status_code == 401

    def test_right_one(self, guarded):
        assert get(guarded, "/api/v1/jobs", authorization=f"Bearer {TOKEN}").status_code == 200

    def test_pages_lead_to_the_login(self, guarded):
        for path in ("/", "/jobs/x", "/fragments/jobs"):
            answer = get(guarded, path)
            assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        assert get(guarded, "/login").status_code == 200
        assert get(guarded, "/static/page.css").status_code == 200

    def test_static_files_are_no_way_around(self, guarded):
        for path in ("/static/../api/v1/jobs", "/login/../api/v1/jobs", "/static/%2e%2e/app.py"):
            assert guarded.state.http.get(path).status_code in (401, 303, 404)

    def test_login_sets_a_cookie_that_is_not_the_token(self, guarded):
        with httpx.Client(base_url=guarded.state.address, verify=False) as client:
            answer = client.post("/login", data={"token": TOKEN})
            assert (answer.status_code, answer.headers["location"]) == (303, "/")
            cookie = answer.headers["set-cookie"]
            assert "HttpOnly" in cookie
            assert "samesite=strict" in cookie.lower()
            assert TOKEN not in cookie
            assert client.get("/api/v1/jobs").status_code == 200
            assert client.get("/").status_code == 200

    def test_wrong_login(self, guarded):
        for form in ({"token": "wrong"}, {}, {"token": ""}):
            answer = guarded.state.http.post("/login", data=form)
            assert "set-cookie" not in answer.headers
            assert answer.status_code in (303, 415)
        answer = guarded.state.http.post("/login", data={"token": "wrong"})
        assert answer.headers["location"] == "/login?wrong=1"

    def test_the_token_is_no_cookie(self, guarded):
        for value in (TOKEN, "", "x" * 64):
            answer = get(guarded, "/api/v1/jobs", cookie=f"{COOKIE}={value}")
            assert answer.status_code == 401
        good = get(guarded, "/api/v1/jobs", cookie=f"{COOKIE}={session_of(TOKEN)}")
        assert good.status_code == 200

    def test_without_one_the_login_leads_to_the_page(self, app):
        answer = app.state.http.post("/login", data={"token": "x"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")

    def test_is_compared_whatever_comes(self):
        assert is_token(TOKEN, TOKEN)
        assert not is_token("\udcff\u2713", TOKEN)


class TestHeaders:
    @pytest.mark.parametrize("path", ["/", "/api/v1/health", "/static/page.css", "/nothing"])
    def test_of_every_answer(self, app, path):
        headers = get(app, path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "server" not in headers

    def test_no_folder_is_listed_and_no_path_told(self, app):
        for path in ("/static", "/static/", "/static/js/", "/jobs/", "/api/v1/", "/docs", "/redoc"):
            answer = get(app, path)
            assert answer.status_code in (404, 307), path
            assert str(app.state.settings.data) not in answer.text

    @pytest.mark.parametrize(
        "path",
        ["/static/%2e%2e/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd",
         "/static/js/../../app.py", "/static/..\\app.py", "/static/%00"],
    )  # fmt: skip
    def test_static_stays_in_its_folder(self, app, path):
        assert app.state.http.get(path).status_code == 404

    def test_unexpected_error_tells_nothing(self, app, monkeypatch):
        def fail(*_):
            msg = "secret /path"
            raise RuntimeError(msg)

        monkeypatch.setattr(app.state.store, "waiting", fail)
        answer = get(app, "/api/v1/health")
        assert answer.status_code == 500
        assert "secret" not in answer.text
        assert answer.json()["detail"].endswith(".")


class TestSettings:
    @pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.5", "::", "bridge.example", ""])
    def test_another_host_needs_a_token(self, host):
        with pytest.raises(ArgumentError, match="--token"):
            Settings(host=host)
        assert not Settings(host=host, token=TOKEN).local_only

    @pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
    def test_this_computer_needs_none(self, host):
        assert Settings(host=host).local_only

    @pytest.mark.parametrize(
        "token", ["", "short", "x" * 15, "with-a-\u2713-in-its-middle", "a\n" * 9]
    )
    def test_bad_tokens(self, token):
        with pytest.raises(ArgumentError):
            Settings(token=token)

    @pytest.mark.parametrize(
        "values",
        [{"port": 70000}, {"port": -1}, {"keep_days": 0}, {"keep_days": float("nan")},
         {"max_photos": 0}, {"queue_limit": -1}, {"idle_seconds": float("nan")}],
    )  # fmt: skip
    def test_values_out_of_range(self, values):
        with pytest.raises(ArgumentError):
            Settings(**values)

    def test_the_token_is_not_shown(self):
        assert TOKEN not in repr(Settings(token=TOKEN))

    def test_data_folder(self, monkeypatch, tmp_path):
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
        assert default_data() == tmp_path / "cracknet" / "web"

    def test_names_are_not_looked_up(self):
        assert not is_loopback("localhost.evil.example")
