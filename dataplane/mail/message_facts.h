// What the database is told about a message, out of its summary: by delivery, and by APPEND.
#pragma once

#include "dataplane/delivery/delivery_facts.h"
#include "dataplane/mail/charset.h"
#include "dataplane/mail/message_summary.h"

namespace gatepost::dataplane {

DeliveryFacts facts_of(const MessageSummary& summary, const Charsets& charsets);

}  // namespace gatepost::dataplane
