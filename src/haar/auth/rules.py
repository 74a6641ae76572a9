"""What rooms may ask about policy documents: are they sound, whom do they name, what would they decide.

Implements `haar.kit.ports.PolicyRules`; rooms reach it as `call.ports.policies`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from haar.kit.identity import Grants, PolicyKind, Principal

__all__ = ["Rules"]


class Rules:
    """The policy engine as rooms see it. It keeps nothing; the modules behind it are imported when first asked."""

    def validate(self, text: str, kind: PolicyKind) -> None:
        """Refuse a document AWS would not store; see `haar.auth.documents.validate`."""
        from haar.auth import documents

        documents.validate(text, kind)

    def principals(self, text: str) -> tuple[tuple[str, str], ...]:
        """Every (kind, name) a sound document names as a principal, such as ("AWS", "arn:...")."""
        from haar.auth import documents

        return documents.principals(text)

    def context_keys(self, texts: Iterable[str]) -> list[str]:
        """Every condition key that documents read."""
        from haar.auth import simulate

        return simulate.context_keys(texts)

    def simulate(
        self,
        *,
        principal: Principal,
        grants: Grants,
        actions: Iterable[str],
        resources: Iterable[str] = ("*",),
        context: Iterable[Mapping[str, Any]] = (),
        resource_policy: str | None = None,
        resource_account: str = "",
        now: float | None = None,
    ) -> list[dict[str, Any]]:
        """One EvaluationResult per action; `context` are ContextEntries. The engine that guards the door decides."""
        from haar.auth import simulate
        from haar.auth.decide import Question

        question = Question(
            principal=principal,
            action="",
            resource_account=resource_account,
            resource_policy=resource_policy,
            resource_policy_name="resource" if resource_policy else "",
            context=simulate.context(context),
            grants=grants,
            now=now,
        )
        return simulate.simulate_all(question, actions, resources)
