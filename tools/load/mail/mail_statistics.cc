#include "tools/load/mail/mail_statistics.h"

#include <numeric>

namespace gatepost::tools {

void MailCounts::add(const MessageOutcome& outcome, uint64_t octets_each) {
    for (const RecipientOutcome& recipient : outcome.recipients) {
        recipients_accepted += recipient.fate == RecipientFate::accepted;
        recipients_unknown += recipient.fate == RecipientFate::unknown;
        if (recipient.fate != RecipientFate::rejected) continue;
        ++recipients_rejected;
        ++rejections[{recipient.stage, recipient.code}];
    }
    if (outcome.any(RecipientFate::accepted)) {
        ++accepted;
        octets += octets_each;
    } else if (outcome.any(RecipientFate::unknown)) {
        ++unknown;
    } else if (outcome.any(RecipientFate::unsent)) {
        ++unsent;
    } else {
        ++rejected;
    }
}

void MailCounts::add(const MailCounts& other) {
    begun += other.begun;
    accepted += other.accepted;
    rejected += other.rejected;
    unknown += other.unknown;
    unsent += other.unsent;
    octets += other.octets;
    recipients_accepted += other.recipients_accepted;
    recipients_rejected += other.recipients_rejected;
    recipients_unknown += other.recipients_unknown;
    sessions += other.sessions;
    for (size_t i = 0; i < failures.size(); ++i) failures[i] += other.failures[i];
    for (const auto& [reply, count] : other.rejections) rejections[reply] += count;
}

uint64_t MailCounts::failed_sessions() const {
    return std::accumulate(failures.begin() + 1, failures.end(), uint64_t{0});
}

}  // namespace gatepost::tools
