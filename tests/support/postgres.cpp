#include "tests/support/postgres.hpp"

#include "storage/catalogue/migrate.hpp"
#include "tests/support/eventually.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <vector>

#include <unistd.h>

#include <pqxx/pqxx>
#include <pwd.h>
#include <signal.h>

namespace sluice::test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr auto kLimit = 60s;  // of everything here; a busy machine is slow, not broken
constexpr std::uintmax_t kMemoryNeeded = std::uintmax_t{3}
                                         << 30U;  // 1 GB of WAL, the databases of a race's many clusters
constexpr const char* kSocket = ".s.PGSQL.5432";
constexpr const char* kTemplate = "sluice_template";

[[noreturn]] void give_up(const std::string& what) {
    throw std::runtime_error("test PostgreSQL: " + what);
}

// Memory, where there is enough: each database is a thousand files that come and go, and ext4 looks at every
// inode that was freed in the last minutes before it gives out another, which was two fifths of the
// processor's time of these tests.
fs::path fastest_folder() {
    const fs::path memory = "/dev/shm";
    std::error_code none;
    const fs::space_info space = fs::space(memory, none);
    return !none && space.available > kMemoryNeeded ? memory : fs::temp_directory_path();
}

// The newest server of Debian's layout, else whatever PATH has.
std::string program(const std::string& name) {
    std::vector<fs::path> versions;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", none))
        versions.push_back(entry.path());
    std::ranges::sort(versions);
    for (auto it = versions.rbegin(); it != versions.rend(); ++it)
        if (fs::exists(*it / "bin" / name)) return (*it / "bin" / name).string();
    return name;
}

// PostgreSQL refuses to run as root.
const passwd* other_user() {
    if (::geteuid() != 0) return nullptr;
    for (const char* name : {"postgres", "nobody"})
        if (const passwd* user = ::getpwnam(name)) return user;
    give_up("root needs the user postgres or nobody");
}

std::vector<std::string> as_other_user(std::vector<std::string> command) {
    const passwd* user = other_user();
    if (user == nullptr) return command;
    // pdeathsig: setuid cleared what the parent asked for.
    std::vector<std::string> whole{
        "setpriv",
        "--reuid=" + std::to_string(user->pw_uid),
        "--regid=" + std::to_string(user->pw_gid),
        "--clear-groups",
        "--pdeathsig=QUIT"
    };
    whole.insert(whole.end(), command.begin(), command.end());
    return whole;
}

void run_as_superuser(const std::string& database, const std::string& sql) {
    pqxx::connection connection{Postgres::instance().conninfo("sluice_super", database)};
    pqxx::nontransaction session{connection};
    session.exec(sql);
}

// Names differ between databases of one process and between processes that share a cluster (none do today).
std::string next_name(const std::string& prefix) {
    static int count = 0;
    return prefix + std::to_string(++count);
}

void make_template() {
    run_as_superuser("postgres", std::string{"CREATE DATABASE "} + kTemplate + " TEMPLATE template0");
    const auto migrated = catalogue::migrate(Postgres::instance().conninfo("sluice_super", kTemplate), false);
    if (!migrated) give_up(migrated.error().describe());
}

}  // namespace

Postgres& Postgres::instance() {
    static Postgres cluster;
    return cluster;
}

std::unique_ptr<Postgres> Postgres::make_another() {
    return std::unique_ptr<Postgres>{new Postgres};
}

Postgres::Postgres() {
    std::string name = (fastest_folder() / "sluice-pg-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) give_up("cannot make " + name);
    folder_ = name;
    if (const passwd* user = other_user())
        if (::chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0)
            give_up("cannot give " + name + " away");
    initialise();
    start();
}

void Postgres::initialise() {
    const auto made = run_to_end(
        as_other_user(
            {program("initdb"),
             "-D",
             (folder_ / "data").string(),
             "-U",
             "sluice_super",
             "-A",
             "trust",
             "-E",
             "UTF8",
             "--locale=C.UTF-8",
             "--no-sync",
             "--no-instructions"}
        ),
        kLimit
    );
    if (!made) give_up(made.error().describe());
    if (made->status != ExitStatus{}) give_up("initdb: " + made->errors);
}

void Postgres::launch() {
    auto server = Process::start(
        as_other_user(
            {program("postgres"),
             "-D",
             (folder_ / "data").string(),
             "-k",
             folder_.string(),
             "-c",
             "listen_addresses=",
             "-c",
             "fsync=off",
             "-c",
             "full_page_writes=off",
             "-c",
             "synchronous_commit=off",
             "-c",
             "shared_buffers=128MB",
             "-c",
             "max_connections=60",
             "-c",
             "max_wal_size=1GB",
             "-c",
             "autovacuum_naptime=5min"}
        ),
        {.log = folder_.string() + ".log"}
    );
    if (!server) give_up(server.error().describe());
    server_ = std::move(*server);
}

void Postgres::start() {
    launch();
    const bool is_up = eventually(kLimit, [&] {
        try {
            const pqxx::connection connection{conninfo("sluice_super", "postgres")};
            return true;
        } catch (const pqxx::broken_connection&) {
            if (server_.is_running()) return false;
            // Children of one that was killed hold its memory for a moment.
            if (server_.output().find("pre-existing shared memory") == std::string::npos)
                give_up("the server ended: " + server_.output());
            launch();
            return false;
        }
    });
    if (!is_up) give_up("the server does not answer: " + server_.output());
}

void Postgres::stop() {
    server_.send_signal(SIGINT);
    if (!server_.wait_for_exit(kLimit)) server_.kill_now();
}

void Postgres::kill_now() {
    server_.kill_now();
}

void Postgres::hide_socket() const {
    pqxx::connection connection{conninfo("sluice_super", "postgres")};
    fs::rename(folder_ / kSocket, folder_ / "hidden");
    pqxx::nontransaction session{connection};
    session.exec(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    );
}

void Postgres::show_socket() const {
    fs::rename(folder_ / "hidden", folder_ / kSocket);
}

Postgres::~Postgres() {
    if (server_.is_running()) stop();
    std::error_code ignored;  // a leftover in /tmp is no reason to fail a test
    fs::remove_all(folder_, ignored);
    fs::remove(folder_.string() + ".log", ignored);
}

std::string Postgres::conninfo(const std::string& role, const std::string& database) const {
    return "host=" + folder_.string() + " user=" + role + " dbname=" + database + " connect_timeout=10";
}

Database::Database() : name_(next_name("sluice_test_")) {
    static const bool has_template = (make_template(), true);
    static_cast<void>(has_template);
    run_as_superuser("postgres", "CREATE DATABASE " + name_ + " TEMPLATE " + kTemplate);
    // Rights on the database itself are no part of a copy.
    const auto migrated = catalogue::migrate(conninfo("sluice_super"), false);
    if (!migrated) give_up(migrated.error().describe());
}

Database::~Database() {
    try {
        run_as_superuser("postgres", "DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)");
    } catch (const pqxx::failure&) {  // NOLINT(bugprone-empty-catch): the cluster is thrown away with it
    }
}

std::string Database::conninfo(const std::string& role) const {
    return Postgres::instance().conninfo(role, name_);
}

void Database::execute(const std::string& sql) const {
    run_as_superuser(name_, sql);
}

std::string Database::query(const std::string& sql, const std::string& role) const {
    pqxx::connection connection{conninfo(role)};
    pqxx::work transaction{connection};
    transaction.exec("SET LOCAL timezone = 'UTC'");
    const pqxx::result rows = transaction.exec(sql);
    std::string first = rows.empty() || rows[0][0].is_null() ? "" : rows[0][0].as<std::string>();
    transaction.commit();
    return first;
}

EmptyDatabase::EmptyDatabase() : name_(next_name("sluice_empty_")) {
    run_as_superuser("postgres", "CREATE DATABASE " + name_ + " TEMPLATE template0");
}

EmptyDatabase::~EmptyDatabase() {
    try {
        run_as_superuser("postgres", "DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)");
    } catch (const pqxx::failure&) {  // NOLINT(bugprone-empty-catch): the cluster is thrown away with it
    }
}

std::string EmptyDatabase::conninfo(const std::string& role) const {
    return Postgres::instance().conninfo(role, name_);
}

}  // namespace sluice::test
