"""`cracknet serve`: the page in the browser, and the HTTP API behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def serve(
    host: Annotated[
        str, typer.Option(help="Address to bind to; another than this computer needs a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 8765,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of jobs and photographs; by default in your data folder."),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="CRACKNET_TOKEN",
            show_envvar=True,
            help="What callers must show; at least 16 characters.",
        ),
    ] = None,
    keep_days: Annotated[
        float | None,
        typer.Option("--keep-days", help="Delete jobs that ended longer ago; by default none."),
    ] = None,
    workers: Annotated[int, typer.Option(help="Processes that segment.")] = 1,
    max_upload_mb: Annotated[
        float, typer.Option("--max-upload-mb", help="Largest photograph, in MB.")
    ] = 256,
    max_megapixels: Annotated[
        float, typer.Option(help="Larger photographs are refused before they are decoded.")
    ] = 200,
    max_photos: Annotated[int, typer.Option(help="Most photographs in one upload.")] = 200,
    queue_limit: Annotated[int, typer.Option(help="Most unfinished jobs.")] = 100,
    open_browser: Annotated[
        bool, typer.Option("--open/--no-open", help="Show the page in the browser.")
    ] = True,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log every request.")] = False,
) -> None:
    """Open a page in the browser: drop photographs, see the cracks, take the report home.

    Jobs go on when the browser is closed, and after a restart. Ctrl+C ends the server.
    """
    from cracknet.errors import ArgumentError
    from cracknet.web.http.settings import Settings, default_data

    try:
        from cracknet.web.http.serving import serve as run
    except ImportError as error:
        msg = f'the page needs the package {error.name}: pip install "cracknet[web]"'
        raise ArgumentError(msg) from error
    settings = Settings(
        data=data or default_data(),
        host=host,
        port=port,
        token=token,
        keep_days=keep_days,
        workers=workers,
        max_upload_bytes=int(max_upload_mb * 1e6),
        max_pixels=int(max_megapixels * 1e6),
        max_photos=max_photos,
        queue_limit=queue_limit,
    )

    def ready(address: str) -> None:
        typer.echo(f"CrackNet is at {address}")
        typer.echo(f"Photographs and results are kept in {settings.data}")
        if not settings.local_only:
            typer.echo(
                f"Other computers reach it at {settings.host} with the token. It speaks plain "
                "HTTP: in a network that you do not trust, put a TLS proxy before it."
            )
        typer.echo("Ctrl+C ends it; unfinished jobs go on at the next start.")

    run(settings, ready=ready, open_browser=open_browser, verbose=verbose)
