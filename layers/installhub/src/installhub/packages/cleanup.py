"""Removes what attempts that failed or died left behind, so that no object stays for ever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from installhub.packages.bundles import BundleStore
from installhub.packages.records import Claim
from installhub.packages.store import PackageStore


def discard(packages: PackageStore, bundles: BundleStore, claim: Claim) -> bool:
    """Give up a claim and remove its objects. False when the claim is committed or somebody else's by now.

    The order matters: once the lease has ended nobody can commit an object that is about to go, and while objects
    remain the claim that lists them remains. Whoever dies in between leaves an expired claim for the sweeper.
    """
    abandoned = packages.abandon(claim)
    if abandoned is None:
        return False
    for key in abandoned.objects:
        bundles.delete(key)
    packages.forget(abandoned)
    return True


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Discards the claims of attempts that died.

    Attributes:
        packages: The packages table.
        bundles: The bundle bucket.
        clock: Gives epoch seconds.
    """

    packages: PackageStore
    bundles: BundleStore
    clock: Callable[[], float]

    def sweep(self) -> int:
        """Discard every expired claim and return how many there were."""
        now = int(self.clock())
        return sum(discard(self.packages, self.bundles, claim) for claim in self.packages.expired_claims(now))
