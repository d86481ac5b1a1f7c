// One connection of IMAP: RFC 9051 and RFC 3501 with their extensions. What a command does is in
// the file named after it.
//
// Commands are carried out one after the other. What changes in the selected mailbox is told at the
// end of each (mailbox_updates.cc), as far as RFC 9051 §7.5.1 lets it, and at once in IDLE.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/imap/appending.h"
#include "dataplane/imap/imap_url.h"
#include "dataplane/imap/notify_settings.h"
#include "dataplane/imap/selected_mailbox.h"
#include "dataplane/imap_account/account_commands.h"
#include "dataplane/imap_fetch/fetch_writer.h"
#include "dataplane/imap_port/imap_environment.h"
#include "dataplane/imap_port/imap_reply.h"
#include "dataplane/imap_search/search.h"
#include "dataplane/imap_syntax/command.h"
#include "dataplane/imap_syntax/command_parser.h"
#include "dataplane/stream_deflate/compressible_stream.h"

namespace gatepost::dataplane {

class ImapSession final : private MailboxWatcher, private SearchScope::Progress {
  public:
    // All three outlive the session.
    ImapSession(Session& session, ImapEnvironment& environment, const ImapOptions& options);
    ~ImapSession();
    ImapSession(const ImapSession&) = delete;
    ImapSession& operator=(const ImapSession&) = delete;
    Task<> run();

  private:
    enum class Next : uint8_t { command, end };
    enum class LineRead : uint8_t { ok, too_long, end };
    enum class View : uint8_t { ready, unavailable, gone };
    // A FETCH under way.
    struct Fetching {
        enum class Stop : uint8_t { full, summary, body };
        const FetchPlan& plan;
        uint64_t changed_since = 0;
        uint64_t next_uid = 0;
        uint64_t found = 0;       // messages that are there
        uint32_t loaded_uid = 0;  // up to which summaries have been asked for
        FetchStatus status = FetchStatus::ok;
        // Messages that the command has set \Seen of: their flags go with their bodies.
        const FetchPlan* plan_with_flags = nullptr;
        storage::UidSet seen = {};
        storage::UidSet told = {};  // of these
    };
    // What a URL names.
    struct UrlOctets {
        enum class Status : uint8_t { none, unavailable, ok };
        Status status = Status::none;
        storage::BodyLocation body;
        uint64_t offset = 0;
        uint64_t size = 0;
        uint64_t mailbox_id = 0;
        uint32_t uid_validity = 0;
        uint32_t uid = 0;
    };

    // ---- imap_session.cc
    Next greet();
    ParseContext parse_context() const;
    Task<Next> execute();
    std::optional<ImapReply> out_of_place(const ImapCommand& command) const;
    Task<ImapReply> dispatch(ImapCommand& command);
    Task<ImapReply> dispatch_selected(const ImapCommand& command);
    Task<ImapReply> account_command(const ImapCommand& command);
    // Tells what has changed, and ends the command. nullptr: it was none.
    Task<Next> finish(std::string_view tag, const ImapCommand* command, const ImapReply& reply);

    // ---- imap_input.cc: what the functions have answered already, they say so in answered_
    Task<Next> read_command();
    Task<Next> wait_for_command();
    Task<StreamStatus> wait_for_input(uint64_t end_ms);
    // Of what a command has to be read by.
    uint64_t command_deadline_ms() const;
    uint64_t login_ms() const;
    bool end_if_told_to();
    Task<Next> fill();
    Task<StreamStatus> fill_stream();
    Task<Next> read_text();
    Task<LineRead> read_text_line(std::string& line);
    Task<Next> read_text_literal(CommandText& text);
    Task<bool> ask_for_literal();
    Task<Next> skip_octets(uint64_t octets);
    Task<Next> skip_command();
    Task<Next> refuse_line(bool unread, std::string_view line);
    Task<Next> refuse_literal(LiteralMark mark);

    // ---- imap_output.cc
    // Puts it behind what waits to be sent. False: the session is over.
    bool say(std::string_view octets);
    bool say_reply(std::string_view tag, const ImapReply& reply);
    // Sends what was said, until no more than so much is left. False: the session is over.
    Task<bool> push(size_t unsent_max);
    // A part of a long answer: says it, and waits where the client does not read.
    Task<bool> say_piece(std::string& piece);
    // "* BYE …", and the session is over.
    void part(std::string_view text, storage::StreamEnd end);
    void lost(StreamStatus status);
    void timed_out();

    // ---- mailbox_updates.cc
    // Sees that the selected mailbox is in the index. `ready`: `mailbox` is what it is now, good
    // until the next wait; a second look may not find it any more, as the control plane lets go of
    // mailboxes at any time. `gone`: the session is over.
    Task<View> open_selected(std::optional<storage::MailboxView>& mailbox);
    // Where it is in the index.
    std::optional<storage::MailboxView> selected_view();
    // The same of any mailbox; `ok`, or why not.
    Task<ImapReply> open_mailbox(uint64_t mailbox_id, std::optional<storage::MailboxView>& mailbox);
    Task<storage::MailboxReply> ask_mailboxes(storage::MailboxRequest request);
    // Nothing has, as far as the mailbox's status tells: its messages need not be in the index.
    bool is_unchanged();
    // What has changed in the selected mailbox. False: the session is over.
    Task<bool> tell_changes(bool with_expunged);
    Task<bool> tell(storage::MailboxView mailbox, const MailboxChanges& changes);
    Task<bool> tell_expunged(const storage::UidSet& expunged);
    // What a change of flags is told with.
    std::vector<FetchItem> flag_items(bool with_flags) const;
    // FETCH of those that are there.
    Task<bool> tell_flags(const storage::UidSet& uids, bool with_flags = true);
    void append_flag_lists(std::string& out, const storage::MailboxView& mailbox);
    void unselect();
    bool is_selected(uint64_t mailbox_id) const {
        return selected_ != nullptr && selected_->id() == mailbox_id;
    }
    uint16_t selected_rights();
    // A mailbox that is there. Valid until the next wait.
    std::optional<storage::MailboxListing> find_listing(std::string_view name);
    static bool any_missing(const storage::MailboxView& mailbox, const storage::UidSet& uids);
    storage::UidSet numbers_of(const storage::UidSet& uids) const;

    // ---- command_capability.cc
    std::string capabilities() const;
    bool may_log_in() const { return tls_ || !options_.tls_required; }
    ImapReply capability();
    ImapReply id(const ImapCommand& command);
    ImapReply logout();
    ImapReply enable(const ImapCommand& command);
    void enable_condstore();

    // ---- command_login.cc
    Task<ImapReply> login(ImapCommand& command);
    Task<ImapReply> authenticate(ImapCommand& command);
    Task<std::optional<std::string>> ask(std::string_view challenge, ImapReply& reply);
    Task<ImapReply> logged_in(const LoginOutcome& outcome, SaslFailure failure);
    Task<ImapReply> failed_login(const LoginOutcome& outcome, std::string_view why);
    ImapReply unauthenticate();
    void forget_login();
    LoginClient login_client() const;

    // ---- the other commands, each in a file of its group
    Task<ImapReply> starttls(std::string_view tag);
    ImapReply compress(const ImapCommand& command);
    // What a command has changed of how its connection is compressed, behind its answer.
    void change_compression(ImapVerb verb);
    void lost_compression();
    Task<ImapReply> select(const ImapCommand& command);
    void append_selected(std::string& out, const storage::MailboxView& mailbox,
                         const storage::MailboxListing& listing);
    Task<bool> resynchronize(const SelectArguments::Qresync& known);
    Task<std::optional<storage::UidSet>> find_vanished(uint64_t since,
                                                       const storage::UidSet& known);
    Task<ImapReply> close(bool expunging);
    Task<ImapReply> idle();
    Task<bool> idle_until_done();
    Task<bool> tell_while_idle();
    Task<ImapReply> fetch(const ImapCommand& command);
    Task<bool> tell_vanished(const FetchArguments& arguments);
    Task<> set_seen(Fetching& fetching, storage::UidSet& uids);
    Task<> fetch_messages(Fetching& fetching, const storage::UidSet& uids);
    Fetching::Stop fetch_quickly(Fetching& fetching, const storage::MailboxView& mailbox,
                                 uint32_t last_uid, std::string& out);
    Task<> fetch_with_body(Fetching& fetching);
    Task<> load_summaries(Fetching& fetching, uint32_t last_uid);
    Task<ImapReply> store(const ImapCommand& command);
    Task<storage::MailboxReply> store_in_pieces(storage::StoreFlags request);
    Task<storage::MailboxReply> store_partly(const storage::StoreFlags& request, uint8_t allowed,
                                             bool with_keywords);
    Task<ImapReply> expunge(const ImapCommand& command);
    Task<storage::MailboxReply> expunge_in_pieces(storage::UidSet uids);
    Task<ImapReply> copy(const ImapCommand& command);
    Task<ImapReply> move_in_pieces(storage::CopyMessages request);
    Task<ImapReply> search(const ImapCommand& command);
    Task<ImapReply> sort(const ImapCommand& command);
    Task<ImapReply> thread(const ImapCommand& command);
    Task<ImapReply> answer_search(const ImapCommand& command, SearchResult result,
                                  const SearchReturn& returned, bool has_modseq);
    void save_result(const SearchReturn& returned, const std::vector<uint32_t>& uids);
    uint64_t modseq_of(const SearchReturn& returned, const SearchResult& result,
                       uint64_t mailbox_id);
    void begin_progress();
    Task<bool> on_progress(uint32_t done, uint32_t all) override;
    SearchScope search_scope();
    ImapReply cut_off();

    // ---- command_append.cc, catenate.cc
    Task<Next> append();
    Task<Next> append_argument(Appending& appending);
    Task<> check_append(Appending& appending);
    void begin_part(Appending& appending, uint64_t octets);
    Task<Next> append_literal(Appending& appending);
    Task<Next> take_octets(Appending& appending, AppendPart part);
    Task<Next> append_url(Appending& appending);
    // `text` is the URL as it came.
    Task<UrlOctets> find_url(const ImapUrl& url, std::string_view text);
    // Of a mailbox that may be read, whoever's it is.
    Task<UrlOctets> find_octets(uint64_t mailbox_id, const ImapUrl& url);
    Task<Next> append_message_end(Appending& appending);
    Task<Next> append_error(Appending& appending);
    Task<Next> end_append(Appending& appending);

    // ---- command_urlauth.cc
    Task<ImapReply> gen_url_auth(const ImapCommand& command);
    Task<ImapReply> sign_url(std::string_view text, std::string_view mechanism, std::string& out);
    Task<ImapReply> reset_key(const ImapCommand& command);
    Task<ImapReply> url_fetch(const ImapCommand& command);
    Task<UrlOctets> find_authorized(const ImapUrl& url, std::string_view text);
    // "* URLFETCH …". False: the session is over.
    Task<bool> say_url_octets(std::string_view url, UrlOctets& found);
    bool may_use(const UrlAuthorization& authorization) const;
    bool is_user(std::string_view name) const;
    std::string url_mechanisms() const;

    // ---- command_multisearch.cc
    Task<ImapReply> multi_search(const ImapCommand& command);
    bool find_searched(const MultiSearchArguments& arguments, std::vector<uint64_t>& found);
    Task<SearchStatus> search_in(const ImapCommand& command, uint64_t mailbox_id,
                                 uint64_t& cost_ns);
    Task<bool> say_found(const ImapCommand& command, std::string_view correlators,
                         uint64_t mailbox_id, const SearchResult& result);

    // ---- command_notify.cc
    Task<ImapReply> notify(ImapCommand& command);
    void end_notify();
    void find_watched(std::string& out);
    void compare_watched(const std::vector<NotifySettings::Watched>& before, bool first,
                         std::string& out);
    Task<bool> tell_notifications(bool between_commands);
    Task<> fetch_arrived(const storage::UidSet& arrived);

    // ---- MailboxWatcher: imap_session.cc
    void on_mailbox_changed(uint64_t mailbox_id) override;
    void on_account_changed() override;
    void on_disconnect(const std::string& reason) override;
    // What the client logged in with is good no more.
    void end_login();
    void describe(storage::SessionNote& note) const override;
    // Ends the wait for a command, or in IDLE. The session goes on inside the call, and may be over
    // when it returns.
    void wake();

    Session& session_;
    CompressibleStream stream_;
    ImapEnvironment& environment_;
    const ImapOptions& options_;
    ImapCounters& counters_;
    CommandText text_;  // of the command under way
    std::string tag_;
    std::string user_;  // who has logged in: the address
    std::string disconnect_reason_;
    std::unique_ptr<SelectedMailbox> selected_;
    std::unique_ptr<NotifySettings> notify_;
    uint64_t account_id_ = 0;  // 0: nobody has logged in
    uint64_t since_ms_;
    uint64_t active_ms_;  // the end of the last command
    uint64_t deadline_ms_ = 0;
    int64_t logged_in_s_ = 0;  // seconds since 1970
    uint64_t progress_ms_ = 0;
    // Of ESEARCH; its progress is told by mailboxes. 0: it is none.
    uint32_t mailboxes_searched_ = 0;
    uint32_t mailboxes_to_search_ = 0;
    uint32_t bad_commands_ = 0;
    uint32_t failed_logins_ = 0;
    bool tls_;
    bool ended_ = false;     // nothing more is said
    bool answered_ = false;  // the command was, before all of it had been read
    bool replied_ = false;   // the command was, before its end
    bool waits_ = false;     // for a command, or in IDLE
    bool idling_ = false;
    bool disconnected_ = false;
    bool cut_off_ = false;     // what is being said is not said to its end
    size_t said_in_turn_ = 0;  // octets, before they were compressed
    bool changed_ = false;     // the selected mailbox, or one that NOTIFY is about
    bool news_ = false;        // somebody has called since they were last told of
    bool by_uid_ = false;      // the command names messages by UID
    // ENABLE (RFC 5161), and what turns them on besides.
    bool condstore_ = false;
    bool qresync_ = false;
    bool utf8_ = false;
    bool rev2_ = false;
    bool uid_only_ = false;
    LoginHold login_hold_{[this] { end_login(); }};
};

}  // namespace gatepost::dataplane
