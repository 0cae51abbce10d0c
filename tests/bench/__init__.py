"""`make bench`: what a page and a night's work cost, as ratios that hold on any machine.

Each module beside this file with a `NAME` and a `run() -> list[Result]` is one bench. Not collected by pytest.
"""
