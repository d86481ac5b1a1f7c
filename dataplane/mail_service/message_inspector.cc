#include "dataplane/mail_service/message_inspector.h"

#include "dataplane/mail_service/mail_facts.h"

namespace gatepost::dataplane {

FilterVerdict MessageInspector::judge(const storage::Envelope&) {
    summary_ = parser_.finish();
    return {};
}

DeliveryFacts MessageInspector::facts(Bytes prefix) {
    put_in_front(prefix, charsets_, summary_);
    return facts_of(summary_, charsets_);
}

}  // namespace gatepost::dataplane
