-- Run once, when the volume is new: a database and a user for Airflow, and for the metadata store. A node's
-- process knows the second password only, and Airflow's database is closed to that user.
\set ON_ERROR_STOP on
\set password `cat /run/secrets/airflow_database_password`
CREATE ROLE airflow LOGIN PASSWORD :'password';
CREATE DATABASE airflow OWNER airflow;
REVOKE CONNECT ON DATABASE airflow FROM PUBLIC;
\set password `cat /run/secrets/metadata_password`
CREATE ROLE mlmd LOGIN PASSWORD :'password';
CREATE DATABASE mlmd OWNER mlmd;
REVOKE CONNECT ON DATABASE mlmd FROM PUBLIC;
