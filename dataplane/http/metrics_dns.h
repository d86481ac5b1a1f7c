// The part of /metrics about DNS.
#pragma once

#include "dataplane/http/metrics_writer.h"
#include "storage/arena/runtime_page.h"

namespace gatepost::dataplane {

void write_dns_metrics(const storage::RuntimePage& page, MetricsWriter& out);

}  // namespace gatepost::dataplane
