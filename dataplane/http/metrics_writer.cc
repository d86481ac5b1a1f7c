#include "dataplane/http/metrics_writer.h"

#include <fmt/format.h>

#include <cmath>

namespace gatepost::dataplane {

void MetricsWriter::family(std::string_view name, MetricKind kind, std::string_view help) {
    name_ = name;
    kind_ = kind;
    std::string_view suffix = kind == MetricKind::counter && !open_ ? "_total" : "";
    for (std::string_view line : {"# TYPE ", "# HELP "}) {
        out_.put(line);
        out_.put(name);
        out_.put(suffix);
        out_.put(" ");
        if (line == "# TYPE ")
            out_.put(kind == MetricKind::counter ? "counter" : "gauge");
        else
            put_escaped(help);
        out_.put("\n");
    }
}

void MetricsWriter::sample_name(std::initializer_list<MetricLabel> labels) {
    out_.put(name_);
    if (kind_ == MetricKind::counter) out_.put("_total");
    std::string_view separator = "{";
    for (const MetricLabel& label : labels) {
        out_.put(separator);
        out_.put(label.name);
        out_.put("=\"");
        put_escaped(label.value);
        out_.put("\"");
        separator = ",";
    }
    out_.put(labels.size() == 0 ? " " : "} ");
}

void MetricsWriter::sample(std::initializer_list<MetricLabel> labels, uint64_t value) {
    sample_name(labels);
    out_.put(value);
    out_.put("\n");
}

void MetricsWriter::sample(std::initializer_list<MetricLabel> labels, double value) {
    sample_name(labels);
    char room[48];
    auto done = fmt::format_to_n(room, sizeof room, "{:.6g}\n", std::isfinite(value) ? value : 0.0);
    out_.put(std::string_view(room, done.size));
}

void MetricsWriter::single(std::string_view name, MetricKind kind, std::string_view help,
                           uint64_t value) {
    family(name, kind, help);
    sample({}, value);
}

void MetricsWriter::end() {
    if (open_) out_.put("# EOF\n");
}

// Backslash, quotation mark and line feed are escaped, in labels as in help.
void MetricsWriter::put_escaped(std::string_view text) {
    size_t plain = 0;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' && text[i] != '"' && text[i] != '\n') continue;
        out_.put(text.substr(plain, i - plain));
        out_.put(text[i] == '\n' ? "\\n" : text[i] == '"' ? "\\\"" : "\\\\");
        plain = i + 1;
    }
    out_.put(text.substr(plain));
}

}  // namespace gatepost::dataplane
