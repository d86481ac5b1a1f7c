// BDAT (RFC 3030 §2): a message in chunks whose size is said before.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "dataplane/smtp/ascii.h"
#include "dataplane/smtp/smtp_session.h"

namespace gatepost::dataplane {

namespace {

struct Chunk {
    uint64_t octets = 0;
    bool last = false;
};

// RFC 3030 §2: chunk-size [ SP end-marker ].
std::optional<Chunk> parse_chunk(std::string_view argument) {
    Chunk chunk;
    const char* const end = argument.data() + argument.size();
    const auto [at, error] = std::from_chars(argument.data(), end, chunk.octets);
    if (error != std::errc()) return std::nullopt;
    const std::string_view rest(at, static_cast<size_t>(end - at));
    chunk.last = equal_ignoring_case(rest, " LAST");
    if (!chunk.last && !rest.empty()) return std::nullopt;
    return chunk;
}

}  // namespace

Task<SmtpSession::Next> SmtpSession::bdat(std::string_view argument) {
    const auto chunk = parse_chunk(argument);
    // What follows is a chunk, and nobody knows how long: taken for commands, a message would say
    // what happens to the next one.
    if (!chunk)
        co_return part({SmtpRefusal::broken_chunk, {501, "5.5.4", "BDAT size [LAST] it is"}},
                       storage::StreamEnd::protocol);
    if (auto fault = content_out_of_place())
        co_return co_await bad_chunk(chunk->octets, *std::move(fault));
    if (transaction_.chunks == nullptr) {
        const bool text = transaction_.envelope.body != storage::BodyKind::binary_mime;
        transaction_.chunks = std::make_unique<MessageIntake>(environment_, options_, text);
        transaction_.content_since_ms = stream_.now_ms();
    }
    MessageIntake& intake = *transaction_.chunks;
    if (chunk->octets > content_octets_max())
        co_return part(
            {SmtpRefusal::too_large,
             {552, "5.3.4",
              fmt::format("a message may have {} octets, not more", options_.message_octets_max)}},
            storage::StreamEnd::protocol);
    const Next next = co_await read_chunk(chunk->octets, &intake);
    if (next == Next::end) co_return next;
    if (chunk->last) {
        intake.finish();
        co_await intake.flush();
        // It has been received; whatever becomes of it, the transaction is over.
        const std::unique_ptr<MessageIntake> whole = std::move(transaction_.chunks);
        co_return co_await end_message(*whole);
    }
    if (const MaybeRefusal refusal = intake_refusal(intake)) {
        // RFC 3030 §2: after this, further chunks are read over, and refused by their sequence.
        const Next said = refuse(*refusal);
        reset_transaction();
        co_return said;
    }
    co_return say({250, "2.0.0", fmt::format("{} octets received", chunk->octets)});
}

// RFC 3030 §2: the octets of a chunk that is refused are read over, whatever is refused about it.
Task<SmtpSession::Next> SmtpSession::bad_chunk(uint64_t octets, SmtpReply reply) {
    if (octets > content_octets_max())
        co_return part({SmtpRefusal::bad_command, std::move(reply)}, storage::StreamEnd::protocol);
    transaction_.content_since_ms = stream_.now_ms();
    const Next next = co_await read_chunk(octets, nullptr);
    co_return next == Next::end ? next : bad(std::move(reply));
}

Task<SmtpSession::Next> SmtpSession::read_chunk(uint64_t octets, MessageIntake* intake) {
    while (octets != 0) {
        const Bytes input = stream_.input();
        if (input.empty()) {
            Next next = co_await push();
            if (next == Next::command) next = co_await fill_content();
            if (next == Next::end) co_return next;
            continue;
        }
        const auto count = static_cast<size_t>(std::min<uint64_t>(octets, input.size()));
        if (intake != nullptr) intake->take(input.first(count));
        stream_.consume(count);
        octets -= count;
        if (intake != nullptr && intake->is_full()) co_await intake->flush();
    }
    co_return Next::command;
}

}  // namespace gatepost::dataplane
