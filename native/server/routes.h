#pragma once

#include "native/server/app_state.h"
#include "native/server/router.h"

namespace palimpsest {

// Each adds the routes of one file; `app` outlives the router.

/// POST /v1/images/generations and /v1/images/edits.
void add_image_routes(Router& router, AppState& app);
/// GET /v1/images/{id}: a result, by its link.
void add_picture_routes(Router& router, AppState& app);
/// GET /v1/models and /v1/models/{id*}.
void add_model_routes(Router& router, AppState& app);
/// GET and DELETE /v1/jobs/{id}, GET /v1/jobs/{id}/events.
void add_job_routes(Router& router, AppState& app);
/// GET and POST /v1/gallery, DELETE /v1/gallery/{id}.
void add_gallery_routes(Router& router, AppState& app);
/// GET /health, /ready, /metrics, /openapi.json, /v1/limits, /v1/providers; POST /v1/pair.
void add_meta_routes(Router& router, AppState& app, AccessPolicy& access);
/// GET / and the files of the page's folder, or a page that says that there is none.
/// Errors: PalimpsestError `page_invalid` for a folder without index.html or with too many files.
void add_page_routes(Router& router, AppState& app);

}  // namespace palimpsest
