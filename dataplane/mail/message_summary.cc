#include "dataplane/mail/message_summary.h"

namespace gatepost::dataplane {
namespace {

std::optional<uint32_t> nth_child(const MessageSummary& summary, uint32_t parent, uint32_t number) {
    for (uint32_t i = parent + 1; i < summary.parts.size(); ++i) {
        if (summary.parts[i].parent == parent && --number == 0) return i;
    }
    return std::nullopt;
}

}  // namespace

std::optional<uint32_t> find_part(const MessageSummary& summary,
                                  std::span<const uint32_t> numbers) {
    uint32_t at = 0;
    bool is_root = true;  // of the message, or of a message in it
    for (uint32_t number : numbers) {
        if (number == 0) return std::nullopt;
        // RFC 9051 §6.4.5: what is in a message part is numbered as in a message of its own.
        if (!is_root && summary.parts[at].is_message()) {
            auto nested = nth_child(summary, at, 1);
            if (!nested) return std::nullopt;
            at = *nested;
            is_root = true;
        }
        if (summary.parts[at].is_multipart()) {
            auto child = nth_child(summary, at, number);
            if (!child) return std::nullopt;
            at = *child;
        } else if (!is_root || number != 1) {
            // A message that is no multipart has one part, itself: "1".
            return std::nullopt;
        }
        is_root = false;
    }
    return at;
}

}  // namespace gatepost::dataplane
