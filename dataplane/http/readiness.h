// Whether this server should get traffic, and why not: for load balancers and people.
#pragma once

#include "dataplane/http/http_environment.h"
#include "dataplane/http/http_options.h"
#include "dataplane/http/text_writer.h"

namespace gatepost::dataplane {

// Writes the checks as JSON; false where one fails that matters. `with_facts`: the program, its
// processes and snapshots as well.
bool write_readiness(const HttpEnvironment& environment, const HttpOptions& options,
                     bool with_facts, TextWriter& out);

}  // namespace gatepost::dataplane
