// Copies messages from one server to the other: fetches them one behind the other without waiting
// in between, puts small ones together, and lets large ones through piece by piece, so that memory
// does not grow with them.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "storage/base/error.h"
#include "tools/gatepost/imap_import/import_ends.h"
#include "tools/gatepost/imap_import/import_work.h"
#include "tools/gatepost/imap_import/mailbox_appender.h"

namespace gatepost::tools {

// Commands that are under way at the source.
inline constexpr size_t kFetchesAhead = 32;
// Larger ones are not held.
inline constexpr uint64_t kSmallMessage = 256 << 10;
// Of one transaction of ours.
inline constexpr size_t kBatchMessages = 32;
inline constexpr uint64_t kBatchOctets = 1 << 20;

class MessageCopier final : private BodySink {
  public:
    // All outlive this. `size_max`: octets of a message that Gatepost takes.
    MessageCopier(ServerPair& servers, ImportState& state, ImportWork& work, FlagTable& flags,
                  uint64_t size_max)
        : servers_(servers),
          state_(state),
          work_(work),
          flags_(flags),
          size_max_(size_max),
          appender_(*servers.own) {}

    // Takes out of the chunk what needs no more work: copied and noted, failed, gone. What is left
    // after an error (of the connections, or of the state) may be stored without a note.
    Status copy(Chunk& chunk);
    // After an error: the message that was on its way; 0: none was.
    uint32_t under_way() const { return under_way_; }

  private:
    enum class Body : uint8_t { none, held, let_through, dropped };

    Result<std::string> open();
    Status adopt(std::vector<RemoteMessage>& messages);
    // A message that was asked for.
    struct Asked {
        const RemoteMessage* message = nullptr;
        std::string tag;
        bool seen = false;  // its octets have come
    };

    Status fetch_all(const std::vector<RemoteMessage>& messages);
    Status take_response(const ServerResponse& response);
    Status take_end(const ServerResponse& response);
    Result<const RemoteMessage*> asked_for(uint32_t uid);
    Status begin_body(uint32_t uid, uint64_t octets) override;
    Status body_octets(std::string_view octets) override;
    Status end_body() override;

    NewMessage new_message(const RemoteMessage& message, uint64_t size) const;
    void failed(const RemoteMessage& message, std::string_view why);
    void stored(const RemoteMessage& message, uint32_t own_uid, uint64_t size);
    Result<bool> append_some(size_t begin, size_t count);
    Status finish_batch();
    void drop_unfinished();

    ServerPair& servers_;
    ImportState& state_;
    ImportWork& work_;
    FlagTable& flags_;
    uint64_t size_max_;
    MailboxAppender appender_;

    FolderWork* folder_ = nullptr;  // of the chunk
    FolderWork* open_ = nullptr;    // at the source
    std::deque<Asked> asked_;
    const RemoteMessage* current_ = nullptr;  // whose octets come
    Body body_ = Body::none;
    uint64_t body_octets_ = 0;
    std::vector<RemoteMessage> batch_;
    std::vector<std::string> batch_octets_;
    uint64_t batch_size_ = 0;
    std::vector<uint32_t> settled_;
    uint32_t under_way_ = 0;
    bool own_broken_ = false;  // our end: nothing more can be handed over
};

}  // namespace gatepost::tools
