#include "dataplane/http/http2_head.h"

#include <algorithm>

namespace gatepost::dataplane {

namespace {

constexpr size_t kFieldOverhead = 32;  // RFC 9113 §6.5.2

}  // namespace

void Http2Head::reset() {
    values_.clear();
    octets_ = 0;
    status_ = 0;
    lines_ = 0;
    method_ = HttpMethod::unknown;
    has_authority_ = false;
    authority_ = target_ = {};
    field_count_ = 0;
}

void Http2Head::add(BufferPool& pool, std::string_view name, std::string_view value) {
    octets_ += name.size() + value.size() + kFieldOverhead;
    bool fits = octets_ <= kHttpHeadMax && ++lines_ <= kHttpHeaderLinesMax;
    if (!fits && status_ == 0) status_ = 431;
    if (status_ != 0) return;
    if (name == ":method") {
        method_ = method_from_text(value);
    } else if (name == ":path") {
        bool printable =
            std::ranges::all_of(value, [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
        if (!printable || (!value.starts_with('/') && value != "*"))
            status_ = 400;
        else if (value.size() > kHttpTargetMax)
            status_ = 414;
        else
            target_ = keep(pool, value);
    } else if (name == ":authority") {
        if (!host_of_authority(value)) status_ = 400;
        authority_ = keep(pool, value);
        has_authority_ = true;
    } else if (auto known = header_from_text(name)) {
        add_known(pool, *known, value);
    }
}

void Http2Head::add_known(BufferPool& pool, HeaderName name, std::string_view value) {
    if (name == HeaderName::host) {
        // RFC 9113 §8.3.1: it stands in where there is no :authority, and may not contradict one.
        bool contradicts = has_authority_ && !equals_ignoring_case(value, text(authority_));
        if (contradicts || !host_of_authority(value)) status_ = 400;
        if (!has_authority_) authority_ = keep(pool, value);
        has_authority_ = true;
        return;
    }
    if (field_count_ == fields_.size()) {
        status_ = 431;
        return;
    }
    fields_[field_count_++] = {name, keep(pool, trim_blanks(value))};
}

Http2Head::Span Http2Head::keep(BufferPool& pool, std::string_view value) {
    auto begin = static_cast<uint16_t>(values_.size());
    Bytes octets(reinterpret_cast<const uint8_t*>(value.data()), value.size());
    if (values_.append(pool, octets)) return {begin, static_cast<uint16_t>(value.size())};
    status_ = 503;
    return {};
}

std::string_view Http2Head::text(Span span) const {
    if (span.length == 0) return {};
    const auto* base = reinterpret_cast<const char*>(values_.content().data());
    return {base + span.begin, span.length};
}

void Http2Head::fill(std::array<HttpField, kHttpHeaderFieldsMax>& fields,
                     HttpRequest& request) const {
    for (size_t i = 0; i < field_count_; ++i) fields[i] = {fields_[i].name, text(fields_[i].value)};
    request.version = HttpVersion::http2;
    request.method = method_;
    request.authority = text(authority_);
    set_target(request, text(target_));
    request.headers = std::span(fields.data(), field_count_);
}

}  // namespace gatepost::dataplane
