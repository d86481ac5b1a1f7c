#include "tools/load/engine/template_set.h"

#include <cstring>

namespace gatepost::tools {

namespace {

constexpr size_t kReadBehind = 128;  // octets, see frame()

}  // namespace

TemplateSet::TemplateSet(const QueryList& queries, const QueryMessageOptions& options,
                         size_t header_length)
    : header_length_(header_length) {
    size_t units = 0;
    templates_.resize(queries.size());
    for (size_t i = 0; i < queries.size(); ++i) {
        QueryTemplate& query = templates_[i];
        query.at = static_cast<uint32_t>(units);
        query.length = static_cast<uint16_t>(header_length + query_length(queries[i], options));
        query.question_length = static_cast<uint16_t>(queries[i].name.length() + 4);
        units += (query.length + kAlign - 1) / kAlign;
    }
    octets_.resize(units * kAlign + kAlign + kReadBehind);
    first_ = (kAlign - reinterpret_cast<uintptr_t>(octets_.data()) % kAlign) % kAlign;
    std::vector<uint8_t> message;
    for (size_t i = 0; i < queries.size(); ++i) {
        message.clear();
        append_query(queries[i], options, message);
        std::memcpy(edit_frame(templates_[i]) + header_length, message.data(), message.size());
    }
}

}  // namespace gatepost::tools
