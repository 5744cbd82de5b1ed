"""The first page: choosing photographs, the list of jobs, refusals in words."""

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright")
expect = playwright.expect


def test_nothing_but_the_first_page(page, shoot, check_access):
    page.goto("/")
    expect(page.get_by_role("button", name="Find cracks")).to_be_disabled()
    shoot(page, "home")
    check_access(page)


def test_photographs_are_chosen_and_left_out(page, known, known_later, shoot, check_access):
    page.goto("/")
    page.set_input_files("#photos", [known.path, known_later.path])
    page.set_input_files("#photos", known.path)  # once more: it counts once
    expect(page.locator("#chosen li")).to_have_count(2)
    page.select_option("#scale-kind", "marker")
    expect(page.locator("#scale-marker")).to_be_visible()
    expect(page.locator("#scale-mm")).to_be_hidden()
    shoot(page, "chosen")
    check_access(page)
    page.get_by_role("button", name="Leave out wall.png").click()
    expect(page.locator("#chosen li")).to_have_count(1)
    page.get_by_role("button", name="Find cracks in 1 photograph").click()
    expect(page.locator("#upload-error")).to_contain_text("must be a number greater than 0")
    expect(page.locator("#scale-marker")).to_be_focused()
    shoot(page, "refused-scale")


def test_what_is_chosen_is_what_is_done(page, known):
    page.goto("/")
    page.set_input_files("#photos", known.path)
    page.select_option("#sensitivity", "high")
    page.select_option("#scale-kind", "mm_per_px")
    page.fill("#scale-mm", "0.25")
    page.get_by_role("button", name="Find cracks in 1 photograph").click()
    page.wait_for_url("**/jobs/*")
    job = page.url.rsplit("/", 1)[1]
    options = page.evaluate(
        "job => fetch(`/api/v1/jobs/${job}`).then(answer => answer.json()).then(it => it.options)",
        job,
    )
    assert (options["sensitivity"], options["mm_per_px"]) == ("high", 0.25)


def test_refusal_of_the_server_is_told(open_page, tmp_path, shoot):
    page = open_page()
    notes = tmp_path / "notes.png"
    notes.write_text("This is not a photograph.\n" * 20)
    page.goto("/")
    page.set_input_files("#photos", notes)
    page.get_by_role("button", name="Find cracks in 1 photograph").click()
    expect(page.locator("#upload-error")).to_contain_text("notes.png")
    expect(page.get_by_role("button", name="Find cracks in 1 photograph")).to_be_enabled()
    shoot(page, "refused-file")
    # the browser itself reports an answer of 4xx on its console, nothing else may be there
    assert all("Failed to load resource" in fault for fault in open_page.faults)
    open_page.faults.clear()


def test_files_dropped_on_the_page_are_chosen(page):
    page.goto("/")
    carried = page.evaluate_handle(
        """() => {
            const carried = new DataTransfer();
            const file = new File([new Uint8Array(2000)], "dropped.jpg", { type: "image/jpeg" });
            carried.items.add(file);
            return carried;
        }"""
    )
    page.dispatch_event("#main", "dragover", {"dataTransfer": carried})
    expect(page.locator("#drop")).to_have_class("drop over")
    page.dispatch_event("#main", "drop", {"dataTransfer": carried})
    expect(page.locator("#chosen .name")).to_have_text("dropped.jpg")
    expect(page.locator("#drop")).to_have_class("drop")


def test_jobs_are_listed_and_deleted(page, send, known, shoot, check_access):
    job = send([known.path], "To be deleted", done=False)
    page.goto("/")
    row = page.locator(f"#row-{job}")
    expect(row.get_by_role("link", name="To be deleted")).to_be_visible()
    shoot(page, "jobs")
    check_access(page)
    page.on("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button", name="Delete To be deleted").click()
    expect(row).to_have_count(0)


def test_login_and_missing_pages(page, open_page, shoot, check_access):
    page.goto("/login?wrong=1")
    expect(page.get_by_role("alert")).to_contain_text("not the token")
    shoot(page, "login")
    check_access(page)
    page.goto("/jobs/abcdefghijklmnopqrstuv")
    expect(page.get_by_role("heading", name="There is no such job")).to_be_visible()
    shoot(page, "missing")
    check_access(page)
    assert all("404" in fault for fault in open_page.faults)
    open_page.faults.clear()
