#include "dataplane/imap_fetch/envelope_text.h"

namespace gatepost::dataplane {
namespace {

void write_address(const EncodedAddress& address, ResponseText& out) {
    switch (address.kind) {
        case AddressKind::mailbox:
            out.add('(');
            out.string_or_nil(address.name);
            out.add(' ');
            out.string_or_nil(address.adl);
            out.add(' ');
            out.string(address.mailbox);
            out.add(' ');
            // A NIL would make a group of an address without a domain.
            out.string(address.host);
            out.add(')');
            return;
        case AddressKind::group_start:
            out.add("(NIL NIL ");
            out.string(address.mailbox);
            out.add(" NIL)");
            return;
        case AddressKind::group_end:
            out.add("(NIL NIL NIL NIL)");
            return;
    }
}

void write_addresses(EncodedAddresses list, ResponseText& out) {
    if (list.count == 0) return out.add("NIL");
    out.add('(');
    for (uint32_t i = 0; i < list.count; ++i) write_address(list.next(), out);
    out.add(')');
}

}  // namespace

void write_envelope(const EncodedEnvelope& envelope, ResponseText& out) {
    // RFC 9051 §7.5.2: "If the Sender or Reply-To header fields are absent … or are present but
    // empty, the server sets the corresponding member of the envelope to be the same value as the
    // from member".
    const auto or_from = [&](const EncodedAddresses& list) {
        return list.count == 0 ? envelope.from : list;
    };
    out.add('(');
    out.nstring(envelope.date);
    out.add(' ');
    out.nstring(envelope.subject);
    for (const EncodedAddresses& list :
         {envelope.from, or_from(envelope.sender), or_from(envelope.reply_to), envelope.to,
          envelope.cc, envelope.bcc}) {
        out.add(' ');
        write_addresses(list, out);
    }
    out.add(' ');
    out.nstring(envelope.in_reply_to);
    out.add(' ');
    out.nstring(envelope.message_id);
    out.add(')');
}

}  // namespace gatepost::dataplane
