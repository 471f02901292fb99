"""Removes what failed or crashed attempts left behind, so that no object stays in the bucket forever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from installhub.packages.bundle_store import BundleStore
from installhub.packages.records import Claim
from installhub.packages.store import PackageStore


def discard_claim(packages: PackageStore, bundles: BundleStore, claim: Claim) -> bool:
    """Give up a claim and delete its objects. False when the claim is committed or held by another attempt by now.

    The order matters: once the lease has ended, nobody can commit an object that is about to be deleted; and as long as
    objects remain, the claim that lists them remains. A process that dies in between leaves an expired claim to the
    sweeper.
    """
    abandoned = packages.abandon(claim)
    if abandoned is None:
        return False
    for key in abandoned.object_keys:
        bundles.delete(key)
    packages.delete_claim(abandoned)
    return True


@dataclass(frozen=True, slots=True)
class ClaimSweeper:
    """Discards the claims of attempts that crashed.

    Attributes:
        packages: The packages table.
        bundles: The bundle bucket.
        clock: Returns epoch seconds.
    """

    packages: PackageStore
    bundles: BundleStore
    clock: Callable[[], float]

    def sweep(self) -> int:
        """Discard every expired claim and return how many there were."""
        now = int(self.clock())
        return sum(discard_claim(self.packages, self.bundles, claim) for claim in self.packages.expired_claims(now))
