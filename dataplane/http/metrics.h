// What GET /metrics says: the counters of all workers summed, and the state of what is served.
#pragma once

#include "dataplane/http/http_environment.h"
#include "dataplane/http/http_options.h"
#include "dataplane/http/text_writer.h"

namespace gatepost::dataplane {

// `open_metrics`: OpenMetrics 1.0, else the Prometheus text format 0.0.4.
void write_metrics(const HttpEnvironment& environment, const HttpOptions& options,
                   bool open_metrics, TextWriter& out);

}  // namespace gatepost::dataplane
