// DATA (RFC 5321 §4.1.1.4).
#include "dataplane/smtp/dot_decoder.h"
#include "dataplane/smtp/smtp_session.h"

namespace gatepost::dataplane {

std::optional<SmtpReply> SmtpSession::content_out_of_place() const {
    if (!transaction_.open) return SmtpReply{503, "5.5.1", "MAIL comes first"};
    if (!transaction_.recipients.empty()) return std::nullopt;
    // RFC 2033 §4.2: with LMTP there would be no reply for anybody.
    if (transaction_.recipients_refused == 0 || options_.role == SmtpRole::lmtp)
        return SmtpReply{503, "5.5.1", "RCPT comes first"};
    return SmtpReply{554, "5.5.1", "no recipient was accepted"};
}

Task<SmtpSession::Next> SmtpSession::data(std::string_view argument) {
    auto fault = content_out_of_place();
    if (!fault && !argument.empty()) fault = {501, "5.5.4", "DATA stands alone"};
    if (!fault && transaction_.chunks != nullptr)
        fault = {503, "5.5.1", "DATA does not follow BDAT"};
    // RFC 3030 §3.
    if (!fault && transaction_.envelope.body == storage::BodyKind::binary_mime)
        fault = {503, "5.5.1", "BINARYMIME is sent with BDAT"};
    if (fault) co_return bad(*std::move(fault));
    // RFC 2920 §3.1: what is there already was sent by somebody who does not know whether it will
    // be taken for the message or for commands.
    if (!stream_.input().empty() && on_rule(SmtpRefusal::unauthorized_pipelining))
        co_return part(
            {SmtpRefusal::unauthorized_pipelining, {554, "5.5.0", "wait for the reply to DATA"}},
            storage::StreamEnd::protocol);
    MessageIntake intake(environment_, options_, false);
    Next next = say({354, "", "send the message; a line with a dot alone ends it"});
    if (next == Next::command) next = co_await push();
    if (next == Next::end) co_return next;
    transaction_.content_since_ms = stream_.now_ms();
    DotDecoder decoder;
    for (bool ended = false; !ended;) {
        const DotDecoder::Piece piece = decoder.next(stream_.input());
        if (decoder.found_bare()) intake.note_bare_line_end();
        intake.take(piece.content);
        stream_.consume(piece.used);
        ended = piece.end;
        if (intake.is_full()) co_await intake.flush();
        if (ended || piece.used != 0) continue;
        // Whoever goes on and on after it is far too large does not wait for a reply.
        if (intake.octets() > content_octets_max()) {
            const auto refusal = intake_refusal(intake);
            co_return part(*refusal, storage::StreamEnd::protocol);
        }
        next = co_await fill_content();
        if (next == Next::command) continue;
        storage::count(environment_.counters().broken_off);
        co_return next;
    }
    intake.finish();
    co_await intake.flush();
    co_return co_await end_message(intake);
}

}  // namespace gatepost::dataplane
