#include "dataplane/mail/message_facts.h"

#include "dataplane/mail/encoded_word.h"
#include "dataplane/mail/summary_codec.h"

namespace gatepost::dataplane {

namespace {

std::string text_of(const EnvelopeAddress& address) {
    return address.host.empty() ? address.mailbox : address.mailbox + "@" + address.host;
}

}  // namespace

DeliveryFacts facts_of(const MessageSummary& summary, const Charsets& charsets) {
    DeliveryFacts facts;
    encode_summary(summary, facts.summary);
    const Envelope& header = summary.envelopes.front();
    facts.message_id = header.message_id.value_or("");
    facts.subject = decode_encoded_words(header.subject.value_or(""), charsets);
    if (!header.from.empty()) facts.from = text_of(header.from.front());
    return facts;
}

}  // namespace gatepost::dataplane
