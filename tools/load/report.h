// What a run says: a line each second, a table or JSON at the end.
#pragma once

#include <string>

#include "tools/load/engine/engine.h"
#include "tools/load/engine/statistics.h"
#include "tools/load/engine/transport.h"

namespace gatepost::tools {

struct CpuSeconds {
    double user = 0;
    double system = 0;
};
// Of this process until now.
CpuSeconds cpu_seconds();

struct RunReport {
    std::string target;
    std::string transport;
    uint64_t rate = 0;       // open loop
    uint64_t in_flight = 0;  // closed loop
    uint64_t queries = 0;    // in the set
    uint64_t expected = 0;   // of them with an expected answer
    Statistics statistics;
    TransportCounters transport_counters;
    CpuSeconds cpu;
};

// "  3 s  sent 1,000,000  answered 999,990  loss 0.00 %  p50 85 us  p99 140 us  NOERROR 90 %  …"
std::string interval_line(const Interval& interval);
std::string report_table(const RunReport& report);
// One object, with a final newline.
std::string report_json(const RunReport& report);

}  // namespace gatepost::tools
