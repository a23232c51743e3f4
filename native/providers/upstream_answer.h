#pragma once

#include <string>
#include <string_view>

#include "native/providers/dialect.h"

namespace palimpsest {

/// The JSON object of an answer; null where it is none.
Json json_of(const HttpAnswer& answer);

Step pending(Json handle, bool ask_at_once = false);

/// What an answer of status 300 or above means.
Step failed_by_status(const Upstream& upstream, const HttpAnswer& answer);

/// A failure that the upstream told in its own words with a good status; the words say whether it was moderation.
Step failed_by_words(const Upstream& upstream, const std::string& words);

/// Refused for its content: 400 `moderation_blocked`. `stage`: "request" or "picture".
Step moderated(const Upstream& upstream, const std::string& stage);

/// An answer with a good status that cannot be read: what became of the call is not known.
Step unreadable(const Upstream& upstream, const std::string& what);

}  // namespace palimpsest
