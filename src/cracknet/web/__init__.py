"""The page in the browser, its HTTP API, and the worker behind them."""
