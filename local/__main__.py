"""The commands behind the Makefile: `python -m local COMMAND`."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

import requests
from botocore.exceptions import BotoCoreError, ClientError

from local import demo, docker, logs, sam_local, seed, stack
from local.aws import LOOPBACK, isolate_environment
from local.console import print_error, stderr
from local.errors import LocalStackError
from local.issuer import DEFAULT_LIFETIME, DEFAULT_SCOPE, Issuer
from local.state import State

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED = 130
LAST_PORT = 65535
EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 - only on request: for containers, which cannot reach the loopback interface


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the only place that prints errors."""
    isolate_environment()
    try:
        options = _parser().parse_args(arguments)
        options.command(options)
    except LocalStackError as error:
        print_error(error)
        return 1
    except (requests.RequestException, BotoCoreError, ClientError) as error:
        print_error(
            LocalStackError(f"unexpected response from the emulator: {error}", "restart the stack: make down up")
        )
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def _up(options: argparse.Namespace) -> None:
    deployed = stack.up(State.from_environment(), options.params, options.port, options.bind)
    stderr.print(f"\nThe API is at {deployed.url}/api/installhub/packages", soft_wrap=True)
    stderr.print("Next: make token TENANTS=acme, make seed FILE=..., make logs, make down", style="dim")


def _down(_options: argparse.Namespace) -> None:
    if sam_local.down(State.from_environment()):
        stderr.print("sam local is stopped.")
    stack.down(State.from_environment())


def _sam_local(options: argparse.Namespace) -> None:
    server = sam_local.up(State.from_environment(), options.api_port, options.port, options.bind)
    stderr.print(f"\nThe API is at {server.url}/api/installhub/packages", soft_wrap=True)
    stderr.print("Next: make token TENANTS=tenant-7f3a9b12, make sam-invoke, make sam-local-down", style="dim")
    print(server.url)


def _sam_local_down(_options: argparse.Namespace) -> None:
    stopped = sam_local.down(State.from_environment())
    stderr.print(
        "sam local is stopped. The local stack keeps running; `make down` stops it."
        if stopped
        else "sam local is not running."
    )


def _docker(_options: argparse.Namespace) -> None:
    print(docker.architecture())


def _sam_invoke(options: argparse.Namespace) -> None:
    sys.exit(sam_local.invoke(State.from_environment(), options.function, options.event))


def _url(_options: argparse.Namespace) -> None:
    print(stack.current(State.from_environment()).url)


def _outputs(_options: argparse.Namespace) -> None:
    print(json.dumps(stack.current(State.from_environment()).as_outputs(), indent=2))


def _token(options: argparse.Namespace) -> None:
    state = State.from_environment()
    tenants = [tenant.strip() for tenant in options.tenants.split(",") if tenant.strip()]
    if not tenants:
        raise LocalStackError("TENANTS is empty", "for example: make token TENANTS=tenant-7f3a9b12")
    deployed = stack.current(state).parameters
    issuer = Issuer(state.issuer_key)
    print(issuer.token(deployed["TokenIssuer"], deployed["TokenAudience"], tenants, options.scope, options.ttl))


def _logs(options: argparse.Namespace) -> None:
    logs.show(stack.current(State.from_environment()), options.function, follow=options.follow)


def _seed(options: argparse.Namespace) -> None:
    seed.seed(stack.current(State.from_environment()), options.file)


def _demo(options: argparse.Namespace) -> None:
    demo.run(State.from_environment(), options.port, options.bind)


def _parser() -> argparse.ArgumentParser:
    # Values may be empty: the Makefile also passes variables that the user did not set.
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("--port", type=_port, help="port of the emulator (default 4566)")
    where.add_argument("--bind", type=_address, help=f"address to listen on (default {LOOPBACK})")

    command = commands.add_parser("up", parents=[where], help="start the stack or update it")
    command.add_argument("--params", default="", help="template parameters: Name=value ...")
    command.set_defaults(command=_up)
    command = commands.add_parser("token", help="print a token")
    command.add_argument("--tenants", required=True, help="comma-separated list of tenants")
    command.add_argument("--scope", default=DEFAULT_SCOPE, help="space-separated list of scopes")
    command.add_argument(
        "--ttl", type=_seconds, default=DEFAULT_LIFETIME, help="lifetime in seconds; negative for an expired token"
    )
    command.set_defaults(command=_token)
    command = commands.add_parser("seed", help="publish the artifacts of a JSON file")
    command.add_argument("file", help="a JSON array of artifacts")
    command.set_defaults(command=_seed)
    command = commands.add_parser("logs", help="print the functions' logs")
    command.add_argument("--function", default="", help="name of the function's folder")
    command.add_argument("--follow", action="store_true", help="keep printing new entries")
    command.set_defaults(command=_logs)
    command = commands.add_parser("sam-local", parents=[where], help="serve the API with `sam local start-api`")
    command.add_argument("--api-port", type=_port, help=f"port of the API (default {sam_local.DEFAULT_PORT})")
    command.set_defaults(command=_sam_local)
    command = commands.add_parser("sam-invoke", help="run one function with `sam local invoke`")
    command.add_argument("function", help="name of the function's folder")
    command.add_argument("--event", default="", help="event file (default events/FUNCTION.json)")
    command.set_defaults(command=_sam_invoke)
    commands.add_parser("docker", help="check that Docker runs and print its architecture").set_defaults(
        command=_docker
    )
    commands.add_parser("sam-local-down", help="stop sam local").set_defaults(command=_sam_local_down)
    commands.add_parser("demo", parents=[where], help="run the demo").set_defaults(command=_demo)
    commands.add_parser("down", help="stop the stack and delete its data").set_defaults(command=_down)
    commands.add_parser("url", help="print the base URL").set_defaults(command=_url)
    commands.add_parser("outputs", help="print the stack's outputs as JSON").set_defaults(command=_outputs)
    return parser


def _port(text: str) -> int | None:
    port = _number("PORT", text)
    if port is not None and not 1 <= port <= LAST_PORT:
        raise LocalStackError(f"PORT={text} is not a valid port (1 to {LAST_PORT})")
    return port


def _seconds(text: str) -> int:
    seconds = _number("TTL", text)
    return DEFAULT_LIFETIME if seconds is None else seconds


def _number(name: str, text: str) -> int | None:
    try:
        return int(text) if text else None
    except ValueError:
        raise LocalStackError(f"{name}={text} is not a number") from None


def _address(text: str) -> str | None:
    if text not in ("", LOOPBACK, EVERY_ADDRESS):
        raise LocalStackError(f"BIND={text} is not valid; use {LOOPBACK} or {EVERY_ADDRESS}")
    return text or None


if __name__ == "__main__":
    sys.exit(main())
