// Metrics as text: OpenMetrics 1.0, or the Prometheus text format 0.0.4, which differs in little.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "dataplane/http/text_writer.h"

namespace gatepost::dataplane {

enum class MetricKind : uint8_t { counter, gauge };

struct MetricLabel {
    std::string_view name;
    std::string_view value;
};

class MetricsWriter {
  public:
    MetricsWriter(TextWriter& out, bool open_metrics) : out_(out), open_(open_metrics) {}

    // Begins a family; its samples follow. The name of a counter is without "_total".
    void family(std::string_view name, MetricKind kind, std::string_view help);
    void sample(std::initializer_list<MetricLabel> labels, uint64_t value);
    void sample(std::initializer_list<MetricLabel> labels, double value);
    // A family of one sample.
    void single(std::string_view name, MetricKind kind, std::string_view help, uint64_t value);
    void end();

  private:
    void sample_name(std::initializer_list<MetricLabel> labels);
    void put_escaped(std::string_view text);

    TextWriter& out_;
    bool open_;
    std::string_view name_;
    MetricKind kind_ = MetricKind::gauge;
};

}  // namespace gatepost::dataplane
