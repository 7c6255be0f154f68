"""The model of one `groups/*.yaml`: its keys, their types, and the limits that one key has by itself."""



from lambdas.core.spec import (
    EndpointSpec,
    GroupSpec,
    GuardrailSpec,
    RolloutSpec,
)

_DEFAULT = {
    field: value
    for kind in (EndpointSpec, RolloutSpec, GuardrailSpec, GroupSpec)
    for field, value in vars(kind).items()
}
