#include "controlplane/commit/delivery_batch.h"

#include "controlplane/commit/clean_text.h"

namespace gatepost::controlplane {

namespace {

using storage::BodyKind;
using storage::DeliveryOutcome;
using storage::DsnReturn;
using storage::Envelope;
using storage::EnvelopeRecipient;
using storage::RecipientKind;

// A row's octets in the transaction beside its texts and its summary.
constexpr size_t kRowOctets = 256;

std::string_view body_text(BodyKind kind) {
    switch (kind) {
        case BodyKind::eight_bit_mime:
            return "8BITMIME";
        case BodyKind::binary_mime:
            return "BINARYMIME";
        default:
            return "7BIT";
    }
}

std::string_view return_text(DsnReturn kind) {
    switch (kind) {
        case DsnReturn::full:
            return "FULL";
        case DsnReturn::headers:
            return "HDRS";
        default:
            return "";
    }
}

// The arrays in the order of the function's arguments.
struct MessageArrays {
    BinaryArray blobs{PgType::uuid};
    BinaryArray segments{PgType::int8};
    BinaryArray positions{PgType::int8};
    BinaryArray sizes{PgType::int8};
    BinaryArray received{PgType::timestamptz};
    BinaryArray message_ids{PgType::text};
    BinaryArray subjects{PgType::text};
    BinaryArray authors{PgType::text};
    BinaryArray summaries{PgType::bytea};
    BinaryArray reverse_paths{PgType::text};
    BinaryArray sender_accounts{PgType::int8};
    BinaryArray envids{PgType::text};
    BinaryArray rets{PgType::text};
    BinaryArray bodies{PgType::text};
    BinaryArray smtputf8s{PgType::boolean};

    void add(const PendingDelivery& one) {
        const Envelope& envelope = one.envelope;
        blobs.add_uuid(envelope.id);
        segments.add_int8(one.request.body.segment);
        positions.add_int8(static_cast<int64_t>(one.request.body.offset));
        sizes.add_int8(static_cast<int64_t>(one.request.body.size));
        received.add_time(envelope.received_us);
        message_ids.add_text(clean_text(one.request.message_id));
        subjects.add_text(clean_text(one.request.subject));
        authors.add_text(clean_text(one.request.from));
        summaries.add(one.request.summary);
        reverse_paths.add_text(clean_text(envelope.reverse_path));
        sender_accounts.add_int8(static_cast<int64_t>(envelope.sender_account_id));
        envids.add_text(clean_text(envelope.envid));
        rets.add_text(return_text(envelope.dsn_return));
        bodies.add_text(body_text(envelope.body));
        smtputf8s.add_boolean(envelope.smtputf8);
    }
    void put_into(BinaryParams& params) && {
        for (BinaryArray* array :
             {&blobs, &segments, &positions, &sizes, &received, &message_ids, &subjects, &authors,
              &summaries, &reverse_paths, &sender_accounts, &envids, &rets, &bodies, &smtputf8s})
            params.add(std::move(*array));
    }
};

struct RecipientArrays {
    BinaryArray places{PgType::int4};
    BinaryArray accounts{PgType::int8};
    BinaryArray folders{PgType::text};
    BinaryArray addresses{PgType::text};
    BinaryArray targets{PgType::text};
    BinaryArray originals{PgType::text};
    BinaryArray notifies{PgType::int4};

    void add(int32_t place, const EnvelopeRecipient& recipient) {
        const bool is_account = recipient.kind == RecipientKind::account;
        places.add_int4(place);
        if (is_account)
            accounts.add_int8(static_cast<int64_t>(recipient.account_id));
        else
            accounts.add_null();
        folders.add_text(clean_text(recipient.folder));
        addresses.add_text(clean_text(recipient.address));
        if (is_account)
            targets.add_null();
        else
            targets.add_text(
                clean_text(recipient.target.empty() ? recipient.address : recipient.target));
        originals.add_text(clean_text(recipient.original));
        notifies.add_int4(recipient.notify);
    }
    void put_into(BinaryParams& params) && {
        for (BinaryArray* array :
             {&places, &accounts, &folders, &addresses, &targets, &originals, &notifies})
            params.add(std::move(*array));
    }
};

}  // namespace

const std::string kDeliverSql =
    "SELECT d.recipient, d.mailbox, d.uid, d.modseq FROM gatepost.deliver($1, $2, $3, $4, $5, $6, "
    "$7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24) AS d";

Result<PendingDelivery> pending_delivery(uint64_t peer, storage::DeliveryRequest request) {
    auto envelope = storage::decode_envelope(request.envelope);
    if (!envelope) return tl::unexpected(std::move(envelope).error());
    PendingDelivery pending{peer, std::move(request), std::move(*envelope), 0};
    pending.request.envelope = {};
    const size_t texts = pending.request.message_id.size() + pending.request.subject.size() +
                         pending.request.from.size();
    pending.weight =
        pending.envelope.recipients.size() * (pending.request.summary.size() + texts + kRowOctets);
    return pending;
}

BinaryParams deliver_params(std::span<const PendingDelivery> batch, int32_t edge,
                            std::string_view held_reason) {
    MessageArrays messages;
    RecipientArrays recipients;
    int32_t place = 0;
    for (const PendingDelivery& one : batch) {
        ++place;
        messages.add(one);
        for (const EnvelopeRecipient& recipient : one.envelope.recipients)
            recipients.add(place, recipient);
    }
    BinaryParams params;
    params.add_int4(edge);
    std::move(messages).put_into(params);
    params.add_text(held_reason);
    std::move(recipients).put_into(params);
    return params;
}

BatchResult deliver_result(std::span<const PendingDelivery> batch, const PgResult& rows) {
    BatchResult result;
    // Of each recipient: whose it is.
    std::vector<std::pair<size_t, uint64_t>> recipients;
    for (size_t i = 0; i < batch.size(); ++i) {
        storage::DeliveryReply& reply = result.replies.emplace_back();
        reply.sequence = batch[i].request.sequence;
        reply.outcome = DeliveryOutcome::duplicate;
        for (const EnvelopeRecipient& recipient : batch[i].envelope.recipients) {
            recipients.emplace_back(i, recipient.account_id);
            // Nobody needs to know whether it was in the queue before.
            if (recipient.kind == RecipientKind::external) reply.outcome = DeliveryOutcome::stored;
        }
    }
    for (int row = 0; row < rows.rows(); ++row) {
        const auto [message, account] =
            recipients.at(static_cast<size_t>(rows.integer(row, 0)) - 1);
        storage::DeliveryReply& reply = result.replies[message];
        reply.outcome = DeliveryOutcome::stored;
        if (rows.is_null(row, 1)) {
            ++result.undeliverable;
            continue;
        }
        ++result.stored;
        reply.recipients.push_back({account, rows.unsigned_integer(row, 1),
                                    static_cast<uint32_t>(rows.unsigned_integer(row, 2)),
                                    rows.unsigned_integer(row, 3)});
    }
    return result;
}

}  // namespace gatepost::controlplane
