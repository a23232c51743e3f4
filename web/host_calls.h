#pragma once

#include "shared/base/json.h"
#include "web/app.h"

namespace palimpsest {

/// What the element says at the start, as session.js writes it.
StartOptions start_options_from(const Json& json);

/// Answers a call of the page around: `state`, `set_state`, `submit`, `cancel`, `remove`, `result`, `snippet`,
/// `credentials`, `theme`, `configure`, `fullscreen`. Where it cannot be done, the answer has `error`, a sentence.
/// docs/embedding.md has the methods that these stand behind.
Json answer_host(App& app, const Json& call);

}  // namespace palimpsest
