"""The app: guards, API and pages put together, with the worker beside them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from anyio import to_thread
from fastapi import APIRouter, FastAPI
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.staticfiles import StaticFiles

from cracknet import __version__
from cracknet.errors import CrackNetError
from cracknet.web.http import faults, login
from cracknet.web.http.api import about, changes, jobs, photos, results
from cracknet.web.http.api.common import PREFIX
from cracknet.web.http.intake import Intake
from cracknet.web.http.pages import STATIC, pages
from cracknet.web.http.results import Results
from cracknet.web.http.security import Guard
from cracknet.web.http.settings import Settings
from cracknet.web.queue.store import Store
from cracknet.web.work.formats import JOB_FILES, PHOTO_FILES
from cracknet.web.work.supervisor import Supervisor

_HOUSEKEEPING_SECONDS = 3600.0
_PACKED = ("application/json", "application/geo+json", "text/csv", "text/html")
_log = logging.getLogger("cracknet.web")

_ABOUT = """Find and measure cracks in photographs of concrete.

Send photographs to `POST /api/v1/jobs`, follow the job, fetch its results. Lengths and areas carry
their unit in their name, as in cracks.csv; unknown is null. Errors are
`{"detail": "a plain sentence"}`.
"""


def create_app(settings: Settings, *, work: bool = True) -> FastAPI:
    """Make the app.

    Parameters
    ----------
    settings : Settings
    work : bool
        Whether workers run beside it, from its start to its end. Without, jobs only wait.

    Returns
    -------
    FastAPI
        Its ``state`` holds `store`, `settings`, `results`, and `stopping`, which ends event
        streams when it is set to True.

    Raises
    ------
    StoreError
        When the list of jobs is damaged.
    OutputError
        When the data folder cannot be written to.
    """
    store = Store(settings.data)

    @asynccontextmanager
    async def living(app: FastAPI) -> AsyncIterator[None]:
        supervisor = Supervisor(
            settings.data, workers=settings.workers, max_pixels=settings.max_pixels
        )
        if work:
            await to_thread.run_sync(supervisor.start)
        keeping = asyncio.create_task(_keep_house(store, settings.keep_days))
        try:
            yield
        finally:
            app.state.stopping = True
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping
            app.state.results.stop()
            if work:
                await to_thread.run_sync(supervisor.stop)
            store.close()

    app = FastAPI(
        title="CrackNet",
        description=_ABOUT,
        version=__version__,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # these pages load scripts from elsewhere
        redoc_url=None,
        lifespan=living,
    )
    app.state.store = store
    app.state.settings = settings
    app.state.results = Results(settings.data)
    app.state.stopping = False
    api = APIRouter(prefix=PREFIX)
    for part in (jobs, photos, results, changes, about):
        api.include_router(part.router)
    app.include_router(api)
    app.include_router(login.router)
    app.include_router(pages)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    faults.install(app)
    app.add_middleware(
        GZipMiddleware,
        minimum_size=1000,
        compresslevel=5,
        exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, *_packed_already()),
    )
    app.add_middleware(Guard, settings=settings)
    # the last one added comes first, and reads to its end what a guard refuses
    app.add_middleware(Intake, settings=settings)
    return app


def _packed_already() -> set[str]:
    """List the types of files that compressing makes no smaller."""
    types = {form.media_type for form in (*JOB_FILES.values(), *PHOTO_FILES.values())}
    return {kind for kind in types if kind.partition(";")[0] not in _PACKED}


async def _keep_house(store: Store, keep_days: float | None) -> None:
    """Remove what is expired, and what a kill left behind; at the start and every hour."""
    while True:
        try:
            await to_thread.run_sync(store.sweep)
            if keep_days is not None:
                gone = await to_thread.run_sync(store.expire, keep_days)
                if gone:
                    _log.info(
                        "%d jobs were older than %g days and are deleted", len(gone), keep_days
                    )
        except (CrackNetError, OSError) as error:
            _log.warning("old jobs could not be removed: %s", error)
        await asyncio.sleep(_HOUSEKEEPING_SECONDS)
