"""What detect-secrets does not know of: the content of a Stemwise key file."""

import re

from detect_secrets.plugins.base import RegexBasedDetector


class StemwiseKeyDetector(RegexBasedDetector):
    """A key that opens an installation's data."""

    secret_type = "Stemwise key"  # noqa: S105 (a name)  # pragma: allowlist secret
    denylist = (re.compile(r"stemwise-key/\d+ +[A-Za-z0-9+/]{43}="),)
