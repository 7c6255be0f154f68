"""The tables in moto, as the adapters' tests have them."""

from tests.adapters.conftest import _no_real_aws, moto
from tests.adapters.test_store import store

__all__ = ["_no_real_aws", "moto", "store"]
