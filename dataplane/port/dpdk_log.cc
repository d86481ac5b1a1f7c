#include "dataplane/port/dpdk_log.h"

#include <rte_log.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace gatepost::dataplane {

namespace {

constexpr size_t kLinesMax = 4;

}  // namespace

DpdkLog::DpdkLog() : stream_(::open_memstream(&text_, &size_)) {
    if (stream_ != nullptr) ::rte_openlog_stream(stream_);
}

DpdkLog::~DpdkLog() {
    ::rte_openlog_stream(nullptr);
    if (stream_ != nullptr) std::fclose(stream_);
    std::free(text_);
}

std::string DpdkLog::last_lines() const {
    if (stream_ == nullptr) return {};
    std::fflush(stream_);
    std::vector<std::string_view> lines;
    std::string_view text(text_, size_);
    while (!text.empty()) {
        size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (!line.empty()) lines.push_back(line);
    }
    std::string out;
    size_t first = lines.size() > kLinesMax ? lines.size() - kLinesMax : 0;
    for (size_t i = first; i < lines.size(); ++i) {
        if (!out.empty()) out += "; ";
        out += lines[i];
    }
    return out;
}

}  // namespace gatepost::dataplane
