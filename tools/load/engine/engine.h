// The loop of a run: sends by a schedule (open loop) or keeps a number of queries in flight (closed
// loop), takes the answers, and counts. One thread, nothing is allocated in it.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <optional>

#include "tools/load/engine/flight_table.h"
#include "tools/load/engine/load_clock.h"
#include "tools/load/engine/schedule.h"
#include "tools/load/engine/statistics.h"
#include "tools/load/engine/template_set.h"
#include "tools/load/engine/transport.h"
#include "tools/load/query/expectation.h"

namespace gatepost::tools {

struct EngineOptions {
    uint64_t rate = 0;       // queries a second; 0: closed loop
    uint64_t in_flight = 0;  // closed loop: queries on their way
    uint64_t duration_ns = 0;
    uint16_t id_mask = 0;
    uint32_t first_query = 0;  // where in the set to begin
};

// What happened in one second, for people who watch.
struct Interval {
    uint64_t begin_ns = 0;  // from the start of the run
    uint64_t end_ns = 0;
    Counts counts;
    uint64_t lost = 0;
    Histogram latency;
};

class Engine {
  public:
    // All that is referred to outlives the engine; `expectations` may be null.
    Engine(const EngineOptions& options, const TemplateSet& templates,
           const Expectations* expectations, Transport& transport, LoadClock& clock);

    // Called about once a second, and once at the end for what is left.
    std::function<void(const Interval&)> watch;
    // Set from elsewhere (a signal): no more is sent, what is on its way is waited for.
    void stop() { stopped_.store(true, std::memory_order_relaxed); }

    Statistics run();

  private:
    bool sending(uint64_t now_ns) const {
        return now_ns < end_ns_ && !stopped_.load(std::memory_order_relaxed);
    }
    uint64_t wanted(uint64_t now_ns);
    size_t send(uint64_t now_ns);
    bool receive();
    void take(const Incoming& answer, uint64_t now_ns);
    Verdict judge(size_t query, Bytes message);
    void idle(uint64_t now_ns);
    void tick(uint64_t now_ns);

    EngineOptions options_;
    const TemplateSet& templates_;
    const Expectations* expectations_;
    Transport& transport_;
    LoadClock& clock_;
    FlightTable flights_;
    std::optional<Schedule> schedule_;
    std::atomic<bool> stopped_ = false;
    uint64_t start_ns_ = 0;
    uint64_t end_ns_ = 0;
    uint32_t next_query_ = 0;
    // Here and not on the stack, where each burst would set them to zero first.
    std::array<Outgoing, kBurstMax> outgoing_{};
    std::array<Incoming, kBurstMax> incoming_{};
    Counts counts_;  // of the interval
    Histogram latency_;
    uint64_t interval_ns_ = 0;  // where it began
    uint64_t interval_lost_ = 0;
    Statistics total_;
};

}  // namespace gatepost::tools
