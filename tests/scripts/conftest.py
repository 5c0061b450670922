"""What the commands are put together from can be imported, as they import it."""

import sys

from tests.conftest import ROOT

sys.path.append(str(ROOT / "scripts"))
