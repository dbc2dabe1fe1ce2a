"""Packaging. What the tools need is in pyproject.toml."""

from __future__ import annotations

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION: dict[str, str] = {}
exec((HERE / "raven" / "_version.py").read_text(), VERSION)

REQUESTS = ["requests>=2.32.2"]
SOCKS = ["socksio>=1.0"]
GEVENT = ["gevent>=23.9"]
EVENTLET = ["eventlet>=0.36"]
TORNADO = ["tornado>=6.4"]
TWISTED = ["twisted>=23.10"]
SPEED = ["brotli>=1.1", "isal>=1.7", "orjson>=3.10", "zstandard>=0.22"]
DEMO = ["bugsink>=2.6"]

setup(
    name="raven",
    version=VERSION["VERSION"],
    description="Capture errors and deliver them to any Sentry-compatible server, through a pipeline of composable stages",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="BSD-3-Clause",
    python_requires=">=3.10",
    packages=find_packages(include=["raven", "raven.*"]),
    package_data={"raven": ["py.typed", "data/cacert.pem"]},
    zip_safe=False,
    install_requires=[
        # Not older than the bundle in raven/data, which is a copy of this release's.
        "certifi>=2026.10.18",
        "tenacity>=8.3",
        "urllib3>=2.2",
    ],
    extras_require={
        "requests": REQUESTS,
        "gevent": GEVENT,
        "eventlet": EVENTLET,
        "tornado": TORNADO,
        "twisted": TWISTED,
        "socks": SOCKS,
        "all": REQUESTS + SOCKS + GEVENT + EVENTLET + TORNADO + TWISTED,
        "speed": SPEED,
        "demo": DEMO,
        "test": [
            *DEMO,
            *EVENTLET,
            *GEVENT,
            *REQUESTS,
            *SOCKS,
            *SPEED,
            *TORNADO,
            *TWISTED,
            "celery>=5.4",
            "coverage>=7.6",
            "gunicorn>=22",
            "httpcore[asyncio]>=1.0",
            "hypothesis>=6.100",
            "kent>=2.2",
            "mypy>=1.15",
            "pytest>=8.3",
            "pytest-benchmark>=5",
            "pytest-timeout>=2.3",
            "pyuwsgi>=2.0.30",
            "ruff>=0.9",
            "trustme>=1.2",
        ],
    },
    entry_points={"console_scripts": ["raven=raven.cli:main"]},
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Developers",
        "Operating System :: POSIX",
        "Programming Language :: Python :: 3 :: Only",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Software Development :: Bug Tracking",
        "Topic :: System :: Monitoring",
        "Typing :: Typed",
    ],
)
