#include "tools/gatepost/imap_client/response_reader.h"

#include <algorithm>
#include <optional>

#include "dataplane/imap_syntax/response_line.h"
#include "dataplane/mail/header_field.h"

namespace gatepost::tools {

namespace {

using dataplane::equal_ignoring_case;

// Larger ones are no message: their octets would not fit into any store.
constexpr uint64_t kBodyMax = 1ULL << 40;

tl::unexpected<Error> malformed(std::string_view what) {
    return fail(ErrorCode::invalid, "what came is not IMAP: {}", what);
}

// Whether the literal that `text` ends with is a whole message.
bool is_body(std::string_view text) {
    text = text.substr(0, text.rfind('{'));
    if (text.ends_with('~')) text.remove_suffix(1);
    if (!text.ends_with(' ')) return false;
    text.remove_suffix(1);
    const size_t begin = text.find_last_of(" (");
    return begin != std::string_view::npos && equal_ignoring_case(text.substr(begin + 1), "BODY[]");
}

}  // namespace

// Of the message that the response is about; 0: it has not been told.
uint32_t ResponseReader::uid_so_far(const std::string& text) const {
    const auto response = parse_response(text + ")", literals_);
    return response ? fetched_uid(*response).value_or(0) : 0;
}

bool ResponseReader::forget_rest() {
    const bool any = !input_.empty();
    input_ = {};
    return any;
}

// Some of the octets that are there: not more than `octets_max`, at least one.
Result<std::string_view> ResponseReader::some(uint64_t octets_max) {
    if (input_.empty()) {
        auto more = source_.read_some();
        if (!more) return more;
        if (more->empty()) return fail(ErrorCode::unreachable, "the server closed the connection");
        input_ = *more;
    }
    const std::string_view found =
        input_.substr(0, static_cast<size_t>(std::min<uint64_t>(octets_max, input_.size())));
    input_.remove_prefix(found.size());
    return found;
}

// Appends a line with its end.
Status ResponseReader::line(std::string& text) {
    const size_t begin = text.size();
    for (;;) {
        auto found = some(UINT64_MAX);
        if (!found) return tl::unexpected(std::move(found).error());
        const size_t newline = found->find('\n');
        if (newline != std::string_view::npos) {
            // What is behind it is taken later.
            input_ = std::string_view(found->data() + newline + 1,
                                      found->size() - newline - 1 + input_.size());
            *found = found->substr(0, newline + 1);
        }
        kept_ += found->size();
        if (kept_ > kResponseTextMax) return malformed("a response is too long");
        text += *found;
        if (newline == std::string_view::npos) continue;
        if (std::string_view(text).substr(begin).ends_with("\r\n")) return {};
        return malformed("a line ends without CR");
    }
}

Status ResponseReader::literal(std::string& text, uint64_t octets, BodySink* sink) {
    if (sink == nullptr || !is_body(text)) {
        if (octets > kResponseLiteralMax || octets > kResponseTextMax - kept_)
            return malformed("a literal is too long");
        std::string& kept = literals_.emplace_back(std::in_place).value();
        while (kept.size() < octets) {
            auto found = some(octets - kept.size());
            if (!found) return tl::unexpected(std::move(found).error());
            kept += *found;
        }
        kept_ += kept.size();
        return {};
    }
    if (octets > kBodyMax) return malformed("a message is too long");
    literals_.emplace_back(std::nullopt);
    if (Status begun = sink->begin_body(uid_so_far(text), octets); !begun) return begun;
    while (octets > 0) {
        auto found = some(octets);
        if (!found) return tl::unexpected(std::move(found).error());
        octets -= found->size();
        if (Status taken = sink->body_octets(*found); !taken) return taken;
    }
    return sink->end_body();
}

Result<ServerResponse> ResponseReader::next(BodySink* sink) {
    literals_.clear();
    kept_ = 0;
    std::string text;
    for (;;) {
        if (Status read = line(text); !read) return tl::unexpected(std::move(read).error());
        const auto octets = dataplane::literal_behind(text);
        if (!octets) break;
        if (Status read = literal(text, *octets, sink); !read)
            return tl::unexpected(std::move(read).error());
    }
    text.resize(text.size() - 2);
    auto response = parse_response(text, literals_);
    if (!response) return malformed("a response cannot be taken apart");
    return std::move(*response);
}

}  // namespace gatepost::tools
