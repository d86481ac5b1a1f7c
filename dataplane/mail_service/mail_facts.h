// What delivery tells the database about a message, out of its summary.
#pragma once

#include <memory>

#include "dataplane/delivery/delivery_facts.h"
#include "dataplane/mail/charset.h"
#include "dataplane/mail/message_facts.h"
#include "dataplane/mail/message_summary.h"
#include "storage/base/bytes.h"

namespace gatepost::dataplane {

// The summary as it is when `prefix` (whole fields, ended by CR LF each) is put in front of the
// message: everything lies further back, and the header has more fields.
void put_in_front(Bytes prefix, const Charsets& charsets, MessageSummary& summary);

// For messages of an earlier process. `charsets` outlives it.
class MailFactsMaker final : public FactsMaker {
  public:
    explicit MailFactsMaker(const Charsets& charsets) : charsets_(charsets) {}
    std::unique_ptr<FactsParser> begin() override;

  private:
    const Charsets& charsets_;
};

}  // namespace gatepost::dataplane
