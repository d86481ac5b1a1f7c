// What became of a message, recipient by recipient.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

namespace gatepost::tools {

// Where in the dialogue a reply belongs.
enum class SmtpStage : uint8_t { mail, rcpt, data, final_reply };
inline constexpr size_t kSmtpStages = 4;

enum class RecipientFate : uint8_t {
    pending,   // nothing said yet
    accepted,  // the server has taken responsibility (RFC 5321 §6.1)
    rejected,  // by `code`, at `stage`
    unknown,   // the content was on its way, and no reply came
    unsent,    // the connection ended before the content
};

struct RecipientOutcome {
    std::string_view address;
    RecipientFate fate = RecipientFate::pending;
    SmtpStage stage = SmtpStage::mail;
    unsigned code = 0;
};

struct MessageOutcome {
    uint64_t number = 0;
    std::vector<RecipientOutcome> recipients;

    bool any(RecipientFate fate) const {
        return std::any_of(recipients.begin(), recipients.end(),
                           [fate](const RecipientOutcome& one) { return one.fate == fate; });
    }
};

}  // namespace gatepost::tools
