"""Make the links that a started stack prints: one for each role, each logging in once."""

from infra.settings import Settings


def links(settings: Settings) -> list[tuple[str, str]]:
    """Make one link for each page.

    Parameters
    ----------
    settings
        The stack's settings.

    Returns
    -------
    list of tuple
        Who it is for, and the address.
    """
    return [("dispatcher", f"{settings.base_url}/")]
