//! What makes a store of a type that wraps [`Sql`](super::Sql).

/// The table, and the verbs of [`Store`](crate::Store).
macro_rules! store_of {
    ($store:ident, $name:literal) => {
        impl $store {
            /// Keeps the sessions in another table than `muffin_sessions`, so that several applications can share a database.
            ///
            /// # Errors
            ///
            /// If the name is not one of 1 to 48 ASCII letters, digits and underscores that does not begin with a digit.
            pub fn table(self, name: &str) -> Result<Self, $crate::StoreError> {
                self.0.table(name).map(Self)
            }

            /// Makes the table and its indexes, if they are missing. Several processes may do so at once.
            ///
            /// An application that is not allowed to make tables leaves it out, and has what [`MIGRATION`](Self::MIGRATION) says done
            /// for it.
            ///
            /// # Errors
            ///
            /// If the database does not answer, or refuses to make the table.
            pub async fn migrate(&self) -> Result<(), $crate::StoreError> {
                self.0.migrate().await
            }
        }

        /// Neither address nor password is shown.
        impl std::fmt::Debug for $store {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($store)).finish_non_exhaustive()
            }
        }

        impl $crate::Store for $store {
            fn name(&self) -> &'static str {
                $name
            }

            fn prepare(&self) -> $crate::StoreFuture<'_, ()> {
                Box::pin(self.migrate())
            }

            fn load(
                &self,
                key: $crate::RecordKey,
                now: $crate::Timestamp,
            ) -> $crate::StoreFuture<'_, Option<$crate::Record>> {
                Box::pin(self.0.load(key, now))
            }

            fn create(
                &self,
                key: $crate::RecordKey,
                record: $crate::Record,
                now: $crate::Timestamp,
            ) -> $crate::StoreFuture<'_, bool> {
                Box::pin(async move { self.0.create(key, &record, now).await })
            }

            fn update(
                &self,
                key: $crate::RecordKey,
                expected: u64,
                record: $crate::Record,
                now: $crate::Timestamp,
            ) -> $crate::StoreFuture<'_, $crate::Outcome> {
                Box::pin(async move { self.0.update(key, expected, &record, now).await })
            }

            fn rotate(
                &self,
                rotation: $crate::Rotation,
                now: $crate::Timestamp,
            ) -> $crate::StoreFuture<'_, $crate::Outcome> {
                Box::pin(async move { self.0.rotate(&rotation, now).await })
            }

            fn delete(
                &self,
                key: $crate::RecordKey,
                expected: Option<u64>,
                now: $crate::Timestamp,
            ) -> $crate::StoreFuture<'_, $crate::Outcome> {
                Box::pin(self.0.delete(key, expected, now))
            }

            fn list(
                &self,
                user: $crate::UserKey,
                now: $crate::Timestamp,
            ) -> $crate::StoreFuture<'_, Vec<($crate::RecordKey, $crate::Record)>> {
                Box::pin(self.0.list(user, now))
            }

            fn delete_all(
                &self,
                user: $crate::UserKey,
                except: Option<$crate::RecordKey>,
                now: $crate::Timestamp,
            ) -> $crate::StoreFuture<'_, u64> {
                Box::pin(self.0.delete_all(user, except, now))
            }

            fn delete_expired(&self, now: $crate::Timestamp) -> $crate::StoreFuture<'_, u64> {
                Box::pin(self.0.delete_expired(now))
            }
        }
    };
}
pub(in crate::stores) use store_of;
