#include "dataplane/mail_service/message_inspector.h"

#include "dataplane/mail_service/mail_facts.h"

namespace gatepost::dataplane {

void MessageInspector::take(Bytes octets) {
    if (filter_) filter_->take(octets);
    parser_.feed(octets);
}

FilterVerdict MessageInspector::judge(const storage::Envelope& envelope) {
    summary_ = parser_.finish();
    if (!filter_) return {};
    return filter_->judge(envelope, summary_.attachment_names);
}

std::vector<std::string> MessageInspector::authors() {
    std::vector<std::string> authors;
    for (const EnvelopeAddress& from : summary_.envelopes.front().from)
        if (from.kind == AddressKind::mailbox) authors.push_back(from.mailbox + '@' + from.host);
    return authors;
}

DeliveryFacts MessageInspector::facts(Bytes prefix) {
    put_in_front(prefix, charsets_, summary_);
    return facts_of(summary_, charsets_);
}

}  // namespace gatepost::dataplane
