#pragma once

#include "native/providers/upstream_answer.h"

namespace palimpsest {

/// The state of a task in the words that Black Forest Labs and Fireworks share. Moderated tasks are good answers, too:
/// who knows only Ready and Error asks for ever.
Step read_flux_task(const Upstream& upstream, const Json& handle, const HttpAnswer& answer);

}  // namespace palimpsest
