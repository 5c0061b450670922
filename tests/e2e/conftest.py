"""A real browser, and pages whose console stays clean."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
import requests
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.conftest import Server, chromium_path

FLAGS = (
    "--no-sandbox --disable-gpu --disable-background-networking"
    " --disable-component-update --disable-sync --no-first-run"
).split()
PATIENCE = 10_000  # ms
FAILED_REQUEST = "Failed to load resource"  # what a test of an error provokes

Open = Callable[..., Page]


@dataclass(frozen=True)
class Pair:
    """A pair that is on the list of the small demo, and its names."""

    shop_id: int
    item_id: int
    shop: str
    item: str
    address: str = field(init=False)

    def __post_init__(self) -> None:
        address = f"#/product?shop={self.shop_id}&item={self.item_id}"
        object.__setattr__(self, "address", address)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=chromium_path(), args=FLAGS, timeout=60_000
        )


@pytest.fixture(scope="session")
def pair(server: Server) -> Pair:
    """What shop 24 will sell most."""
    top = requests.get(f"{server.url}/v1/shops/24/top?limit=1", timeout=30).json()
    first = top["items"][0]
    return Pair(24, first["item_id"], top["shop"]["name"], first["name"])


@pytest.fixture
def open_page(browser: Browser, server: Server) -> Iterator[Open]:
    """Opens an address of the page; afterwards its console must hold no error."""
    contexts, told = [], []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(FAILED_REQUEST):
            told.append(message.text)

    def opened(address: str = "", width: int = 1440, **options: str) -> Page:
        options = {"locale": "en-GB", "color_scheme": "light", **options}
        context = browser.new_context(
            viewport={"width": width, "height": 800}, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", note)
        page.on("pageerror", lambda error: told.append(str(error)))
        page.goto(f"{server.url}/{address}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert told == []
