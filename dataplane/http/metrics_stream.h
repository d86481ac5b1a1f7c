// The part of /metrics about connections, TLS and HTTP.
#pragma once

#include "dataplane/http/metrics_writer.h"
#include "storage/arena/runtime_page.h"

namespace gatepost::dataplane {

void write_stream_metrics(const storage::RuntimePage& page, MetricsWriter& out);

}  // namespace gatepost::dataplane
