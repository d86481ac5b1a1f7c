// What a server says to the load generator: however it is cut into pieces, the replies are the
// same, and whatever they are, each recipient of a message comes to one fate.
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/check.h"
#include "tools/load/mail/smtp_dialogue.h"
#include "tools/load/mail/smtp_reply.h"

using namespace gatepost;
using namespace gatepost::tools;

namespace {

std::vector<SmtpReply> replies_of(std::string_view octets, size_t piece) {
    std::vector<SmtpReply> replies;
    ReplyReader reader;
    SmtpReply reply;
    while (!octets.empty()) {
        std::string_view part = octets.substr(0, piece);
        octets.remove_prefix(part.size());
        for (;;) {
            const ReplyReader::Found found = reader.take(part, reply);
            if (found == ReplyReader::Found::malformed) return replies;
            if (found == ReplyReader::Found::nothing) break;
            GATEPOST_CHECK(reply.code >= 200 && reply.code < 600);
            GATEPOST_CHECK(reply.text.size() <= ReplyReader::kReplyMax);
            replies.push_back(reply);
        }
    }
    return replies;
}

void check_fates(const MessageOutcome& outcome) {
    for (const RecipientOutcome& one : outcome.recipients) {
        GATEPOST_CHECK(one.fate != RecipientFate::pending);
        GATEPOST_CHECK((one.code != 0) == (one.fate == RecipientFate::rejected));
    }
}

void talk(const std::vector<SmtpReply>& replies, const DialogueOptions& options) {
    SmtpDialogue dialogue(options);
    dialogue.begin("user", "password");
    bool was_in_message = false;
    for (const SmtpReply& reply : replies) {
        SmtpDialogue::Step step = dialogue.on_reply(reply);
        if (step == SmtpDialogue::Step::start_tls) step = dialogue.tls_started();
        dialogue.output().clear();
        if (was_in_message && !dialogue.in_message()) check_fates(dialogue.outcome());
        if (step == SmtpDialogue::Step::over) break;
        if (step == SmtpDialogue::Step::ready) {
            GATEPOST_CHECK(!dialogue.in_message());
            OutgoingMessage message;
            message.recipients = {"a@x", "b@x"};
            dialogue.send(std::move(message));
            dialogue.output().clear();
        }
        was_in_message = dialogue.in_message();
    }
    dialogue.lost();
    GATEPOST_CHECK(!dialogue.in_message());
    check_fates(dialogue.outcome());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const std::string_view octets(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::vector<SmtpReply> replies = replies_of(octets, octets.size());
    const std::vector<SmtpReply> pieces = replies_of(octets, 1);
    GATEPOST_CHECK(replies.size() == pieces.size());
    for (size_t i = 0; i < replies.size(); ++i)
        GATEPOST_CHECK(replies[i].code == pieces[i].code && replies[i].text == pieces[i].text);
    // The first octet says how the client is to speak.
    talk(replies, {.lmtp = (data[0] & 1) != 0,
                   .pipelining = (data[0] & 2) != 0,
                   .chunking = (data[0] & 4) != 0,
                   .starttls = (data[0] & 8) != 0});
    return 0;
}
