#include "controlplane/mailboxes/message_columns.h"

#include "controlplane/commit/clean_text.h"

namespace gatepost::controlplane {

std::string joined_keywords(std::span<const std::string> keywords) {
    std::string text;
    for (const std::string& keyword : keywords) {
        if (!text.empty()) text += ' ';
        text += clean_text(keyword);
    }
    return text;
}

void MessageColumns::add(const storage::AppendedMessage& message) {
    blobs_.add_uuid(message.blob);
    segments_.add_int8(message.body.segment);
    positions_.add_int8(static_cast<int64_t>(message.body.offset));
    sizes_.add_int8(static_cast<int64_t>(message.body.size));
    dates_.add_time(message.internal_date_us);
    flags_.add_int4(message.flags);
    keywords_.add_text(joined_keywords(message.keywords));
    summaries_.add(message.summary);
    message_ids_.add_text(clean_text(message.message_id));
    subjects_.add_text(clean_text(message.subject));
    senders_.add_text(clean_text(message.from));
}

void MessageColumns::move_to(BinaryParams& params) {
    for (BinaryArray* array : {&blobs_, &segments_, &positions_, &sizes_, &dates_, &flags_,
                               &keywords_, &summaries_, &message_ids_, &subjects_, &senders_})
        params.add(std::move(*array));
}

}  // namespace gatepost::controlplane
