#include "tools/gatepost/imap_import/message_copier.h"

#include <algorithm>
#include <unordered_set>

#include "tools/gatepost/imap_import/folder_survey.h"
#include "tools/gatepost/imap_import/message_adoption.h"
#include "tools/gatepost/output/table.h"

namespace gatepost::tools {

Status MessageCopier::copy(Chunk& chunk) {
    folder_ = chunk.folder;
    settled_.clear();
    batch_.clear();
    batch_octets_.clear();
    batch_size_ = 0;
    under_way_ = 0;
    own_broken_ = false;
    body_ = Body::none;
    auto refusal = open();
    Status done;
    if (!refusal) {
        done = tl::unexpected(std::move(refusal).error());
    } else if (!refusal->empty()) {
        for (const RemoteMessage& message : chunk.messages) failed(message, *refusal);
    } else {
        if (chunk.again) done = adopt(chunk.messages);
        if (done) {
            done = fetch_all(chunk.messages);
            if (!done) drop_unfinished();
        }
        // Also where the source has gone: what it has sent is kept.
        if (!own_broken_) {
            Status finished = finish_batch();
            if (done) done = std::move(finished);
        }
    }
    const std::unordered_set<uint32_t> settled(settled_.begin(), settled_.end());
    std::erase_if(chunk.messages,
                  [&](const RemoteMessage& message) { return settled.contains(message.uid); });
    return done;
}

// Gives why the folder cannot be opened; "": it is open.
Result<std::string> MessageCopier::open() {
    if (open_ == folder_) return std::string();
    open_ = nullptr;
    auto opened = open_folder(*servers_.source, folder_->folder.source.wire_name);
    if (!opened && opened.error().code == ErrorCode::refused) return opened.error().message;
    if (!opened) return tl::unexpected(std::move(opened).error());
    if (opened->uid_validity != folder_->uid_validity)
        return std::string("the folder was made anew meanwhile; the same command copies it");
    open_ = folder_;
    return std::string();
}

// After an error in the middle of a message.
void MessageCopier::drop_unfinished() {
    own_broken_ = own_broken_ || body_ == Body::let_through;
    if (body_ != Body::held) return;
    batch_.pop_back();
    batch_octets_.pop_back();
}

Status MessageCopier::adopt(std::vector<RemoteMessage>& messages) {
    auto own = open_folder(*servers_.own, own_wire_name(folder_->folder.mailbox));
    if (!own) return tl::unexpected(std::move(own).error());
    auto adopted = adopt_copies(servers_, state_, *folder_->state, flags_,
                                std::max<uint32_t>(folder_->own_uid_next, 1), messages);
    if (!adopted) return tl::unexpected(std::move(adopted).error());
    work_.found(*folder_, *adopted);
    return {};
}

// Several commands are under way. Their answers may be mixed (RFC 9051 §5.5): UIDs tell whose they
// are; of a server that tells them too late, one is asked for at a time.
Status MessageCopier::fetch_all(const std::vector<RemoteMessage>& messages) {
    asked_.clear();
    for (size_t next = 0; next < messages.size() || !asked_.empty();) {
        const size_t ahead = work_.one_at_a_time() ? 1 : kFetchesAhead;
        while (next < messages.size() && asked_.size() < ahead) {
            const RemoteMessage& message = messages[next++];
            auto tag =
                servers_.source->send(fmt::format("UID FETCH {} (UID BODY.PEEK[])", message.uid));
            if (!tag) return tl::unexpected(std::move(tag).error());
            asked_.push_back({&message, std::move(*tag)});
        }
        under_way_ = asked_.front().message->uid;
        auto response = servers_.source->next(this);
        if (!response) return tl::unexpected(std::move(response).error());
        if (Status taken = take_response(*response); !taken) return taken;
    }
    under_way_ = 0;
    return {};
}

Status MessageCopier::take_response(const ServerResponse& response) {
    if (response.kind == ServerResponse::Kind::tagged) return take_end(response);
    // A few servers quote what is short.
    const ResponseValue* body = fetch_item(response, "BODY[]");
    if (body == nullptr || body->kind != ResponseValue::Kind::string) return {};
    Status taken = begin_body(fetched_uid(response).value_or(0), body->text.size());
    if (taken) taken = body_octets(body->text);
    return taken ? end_body() : taken;
}

Status MessageCopier::take_end(const ServerResponse& response) {
    const auto ended = std::ranges::find(asked_, response.tag, &Asked::tag);
    if (ended == asked_.end())
        return fail(ErrorCode::invalid, "the source answers a command that was not given");
    const Asked asked = std::move(*ended);
    asked_.erase(ended);
    if (asked.seen) return {};
    if (response.is_ok()) {
        work_.gone(*folder_);
        settled_.push_back(asked.message->uid);
    } else {
        failed(*asked.message, fmt::format("the source does not give it: {}", response.text));
    }
    return {};
}

// Whose octets come now.
Result<const RemoteMessage*> MessageCopier::asked_for(uint32_t uid) {
    if (uid == 0 && asked_.size() > 1) {
        work_.ask_one_at_a_time();
        return fail(ErrorCode::unreachable, "the source mixes its answers up: once more, slower");
    }
    const auto found = std::ranges::find_if(asked_, [&](const Asked& asked) {
        return !asked.seen && (uid == 0 || asked.message->uid == uid);
    });
    if (found == asked_.end())
        return fail(ErrorCode::invalid, "the source sends a message that was not asked for");
    found->seen = true;
    return found->message;
}

Status MessageCopier::begin_body(uint32_t uid, uint64_t octets) {
    auto message = asked_for(uid);
    if (!message) return tl::unexpected(std::move(message).error());
    current_ = *message;
    under_way_ = current_->uid;
    body_ = Body::dropped;
    body_octets_ = octets;
    if (octets == 0) {
        failed(*current_, "it has no octets");
        return {};
    }
    if (octets > size_max_) {
        failed(*current_, fmt::format("it has {}, and smtp.message_size_max is {}",
                                      human_size(octets), human_size(size_max_)));
        return {};
    }
    const bool small = octets <= kSmallMessage;
    if (!small || batch_.size() == kBatchMessages || batch_size_ + octets > kBatchOctets)
        if (Status finished = finish_batch(); !finished) return finished;
    if (small) {
        batch_.push_back(*current_);
        batch_octets_.emplace_back().reserve(static_cast<size_t>(octets));
        batch_size_ += octets;
        body_ = Body::held;
        return {};
    }
    auto taken = appender_.begin(folder_->folder.mailbox, new_message(*current_, octets));
    own_broken_ = !taken;
    if (!taken) return tl::unexpected(std::move(taken).error());
    if (*taken) {
        body_ = Body::let_through;
        return {};
    }
    auto refused = appender_.end();
    if (!refused) return tl::unexpected(std::move(refused).error());
    failed(*current_, refused->refusal);
    return {};
}

Status MessageCopier::body_octets(std::string_view octets) {
    if (body_ == Body::held) batch_octets_.back() += octets;
    return body_ == Body::let_through ? appender_.put(octets) : Status();
}

Status MessageCopier::end_body() {
    if (std::exchange(body_, Body::none) != Body::let_through) return {};
    auto appended = appender_.end();
    own_broken_ = !appended;
    if (!appended) return tl::unexpected(std::move(appended).error());
    if (!appended->refusal.empty()) {
        failed(*current_, appended->refusal);
        return {};
    }
    stored(*current_, appended->uids.front(), body_octets_);
    return state_.flush();
}

NewMessage MessageCopier::new_message(const RemoteMessage& message, uint64_t size) const {
    return {flags_.text(message.flags), message.date_s, size};
}

void MessageCopier::failed(const RemoteMessage& message, std::string_view why) {
    work_.failed(*folder_, 1,
                 fmt::format("{} UID {}: {}", folder_->folder.source.name(), message.uid, why));
    settled_.push_back(message.uid);
}

void MessageCopier::stored(const RemoteMessage& message, uint32_t own_uid, uint64_t size) {
    state_.note(*folder_->state, message.uid, {own_uid, message.flags});
    work_.imported(*folder_, 1, size);
    settled_.push_back(message.uid);
}

// So many of the batch, from there on; false: they were refused, and there are others among them.
Result<bool> MessageCopier::append_some(size_t begin, size_t count) {
    std::vector<NewMessage> messages;
    for (size_t i = begin; i < begin + count; ++i)
        messages.push_back(new_message(batch_[i], batch_octets_[i].size()));
    auto appended = appender_.append(folder_->folder.mailbox, messages,
                                     std::span(batch_octets_).subspan(begin, count));
    own_broken_ = !appended;
    if (!appended) return tl::unexpected(std::move(appended).error());
    if (!appended->refusal.empty() && count > 1) return false;
    for (size_t i = 0; i < count; ++i) {
        if (appended->refusal.empty())
            stored(batch_[begin + i], appended->uids[i], messages[i].size);
        else
            failed(batch_[begin + i], appended->refusal);
    }
    return true;
}

Status MessageCopier::finish_batch() {
    if (batch_.empty()) return {};
    auto whole = append_some(0, batch_.size());
    if (!whole) return tl::unexpected(std::move(whole).error());
    // One that is refused takes the others with it: then each goes alone.
    for (size_t i = 0; !*whole && i < batch_.size(); ++i)
        if (auto alone = append_some(i, 1); !alone) return tl::unexpected(std::move(alone).error());
    batch_.clear();
    batch_octets_.clear();
    batch_size_ = 0;
    return state_.flush();
}

}  // namespace gatepost::tools
